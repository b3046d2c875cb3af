import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { seededRandom } from "../../../support/seeded-random.ts";
import { CrashRelay } from "./crash-relay.ts";
import type { CrashToken } from "./crash-token.ts";
import { type CrashWorld, createCrashWorld, recordsOf, type StoreKind } from "./crash-world.ts";
import { violations } from "./history.ts";
import { Lives } from "./lives.ts";
import { FAULT_POINTS, type FaultPoint, type JournalKind } from "./plan.ts";

const CLI = join(import.meta.dirname, "../../../../signer-service/src/cli.ts");

export interface Campaign {
  readonly store: StoreKind;
  readonly kills: number;
  readonly seed: number;
  /** One more place with a key. */
  readonly token?: CrashToken | undefined;
  /** Default: the real one. */
  readonly journal?: JournalKind;
  /** Default: all of them. */
  readonly points?: readonly FaultPoint[];
}

export interface CampaignReport {
  readonly store: StoreKind;
  readonly points: readonly { readonly point: FaultPoint; readonly kills: number; readonly nonces: number }[];
  /** Signatures that backends made, and that relays were given. */
  readonly signed: number;
  readonly released: number;
  /** What must never be, in sentences. */
  readonly violations: readonly string[];
}

/** Kills signers on a new store so many times, at each point about equally often, and checks all that they did. */
export async function runCampaign(campaign: Campaign): Promise<CampaignReport> {
  const { store, kills, seed, token, journal = "real", points = FAULT_POINTS } = campaign;
  const random = seededRandom(seed);
  const world = await createCrashWorld({ store, journal, token });
  const relay = new CrashRelay(world);
  const lives = new Lives(world, relay, random);
  const counts = points.map((point) => ({ point, kills: 0, nonces: 0 }));
  try {
    await lives.start();
    for (let left: typeof counts = [], kill = 0; kill < kills; kill++) {
      if (left.length === 0) left = [...counts];
      const [next] = left.splice(Math.floor(random() * left.length), 1);
      if (next === undefined) throw new Error("a campaign without points");
      next.kills += 1;
      next.nonces += await lives.killAt(next.point);
    }
    const records = recordsOf(world);
    const found = violations(relay.history, records);
    const journalProblem = await exportProblem(world);
    return {
      store,
      points: counts,
      signed: records.signings.length,
      released: relay.history.releases.length,
      violations: [...found, ...lives.blocked, ...journalProblem],
    };
  } finally {
    await lives.stop();
    await world.remove();
  }
}

/** What `signer journal verify` says of what `signer journal export` gives while the signers run; nothing when all is well. */
async function exportProblem({ sites, env }: CrashWorld): Promise<string[]> {
  const [site] = sites;
  if (site === undefined) throw new Error("a world without a signer");
  const out = join(site.folder, "journal.jsonl");
  const run = promisify(execFile);
  try {
    await run(process.execPath, [CLI, "journal", "export", "--config", site.plan.config, "--out", out], {
      env,
    });
    await run(process.execPath, [CLI, "journal", "verify", out], { env });
    return [];
  } catch (error) {
    return [`the journal does not verify: ${(error as { stderr: string }).stderr}`];
  }
}
