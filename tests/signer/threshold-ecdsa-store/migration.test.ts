import { join } from "node:path";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { signerMigrations } from "@countersign/signer-service/store/migrations.ts";
import { SIGNER_STORE } from "@countersign/signer-service/store/store-kind.ts";
import { currentIncarnation } from "@countersign/signer-service/threshold/store/current-incarnation.ts";
import { openEcdsaStore } from "@countersign/signer-service/threshold/store/sql-ecdsa-store.ts";
import { openThresholdStore } from "@countersign/signer-service/threshold/store/sql-threshold-store.ts";
import { openEngine } from "@countersign/sql";
import { expect, it } from "vitest";
import { configOf, open } from "../store/stores.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import {
  at,
  EXPIRY,
  KEY_ID,
  keyRecord,
  SEALING_KEY,
  session,
} from "../threshold-store/threshold-builders.ts";
import { BUDGET, presign, step } from "./ecdsa-builders.ts";

it("a session that was minted before there were presignatures makes them", async () => {
  const path = join(temporaryDirectory(), "signer.db");
  const older = await openEngine(`sqlite:${path}`, {
    ...SIGNER_STORE,
    migrations: (bytes) =>
      Object.fromEntries(Object.entries(signerMigrations(bytes)).filter(([name]) => name < "0003")),
  });
  const minted = {
    ...{ token_hash: session().tokenHash, tenant: "acme", user_id: "alice", key_id: KEY_ID },
    ...{
      purposes: "[]",
      max_uses: 10n,
      uses: 0n,
      expires_at: BigInt(EXPIRY.getTime()),
      incarnation: "before",
    },
  };
  await older.write(async (trx) => {
    await trx.insertInto("threshold_sessions").values(minted).execute();
  });
  await older.close();
  const seals = new Seals([SEALING_KEY]);
  const options = { seals: () => seals, onUnreadable: () => {} };
  const { engine } = await open(configOf(`sqlite:${path}`));
  await openThresholdStore(engine, options).insertKey(keyRecord());
  // Without an incarnation file the store is as one that was put back: this session goes on nevertheless.
  const incarnation = currentIncarnation;
  await engine.write(
    async (trx) => void (await trx.updateTable("threshold_sessions").set({ incarnation }).execute()),
  );
  const budget = { ...BUDGET, perSession: 1 };
  const ecdsa = openEcdsaStore(engine, options);
  expect(await ecdsa.openPresign(presign(), step(), budget, at(1))).toBe("opened");
  expect(await ecdsa.openPresign(presign(), step(), budget, at(1))).toBe("session spent");
});
