import { postgresUrl } from "../../../support/postgres.ts";
import { softHsmModule } from "../../../support/softhsm.ts";
import { type CampaignReport, runCampaign } from "./campaign.ts";
import { createCrashToken } from "./crash-token.ts";
import { ACCOUNT, NETWORK, type StoreKind } from "./crash-world.ts";

/** Campaigns at the same time, on every kind of store that is there. The kills are shared out among them. */
export async function runCampaigns({
  kills,
  seed,
}: {
  kills: number;
  seed: number;
}): Promise<CampaignReport[]> {
  const stores: StoreKind[] =
    postgresUrl === undefined ? ["SQLite", "SQLite"] : ["SQLite", "PostgreSQL", "PostgreSQL, two signers"];
  const token = softHsmModule === undefined ? undefined : await createCrashToken(NETWORK, ACCOUNT);
  try {
    return await Promise.all(
      stores.map((store, i) => {
        const share = Math.floor(kills / stores.length) + (i < kills % stores.length ? 1 : 0);
        // On one of them: its thread makes every start slower.
        return runCampaign({ store, kills: share, seed: seed + i, token: i === 0 ? token : undefined });
      }),
    );
  } finally {
    token?.remove();
  }
}
