import { createHash, randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { expect, it, vi } from "vitest";
import { at } from "../threshold-store/threshold-builders.ts";
import { overEngines } from "../threshold-store/threshold-homes.ts";
import { BUDGET, hash, presign, step } from "./ecdsa-builders.ts";
import { CALLER, signingWorld } from "./signing-world.ts";

/** Tables of one row. */
const SINGLE_ROW = ["store_identity", "si"];

overEngines("statements", (on) => {
  it("of a presignature and a signature read no more of a table than what they are about", async () => {
    if (on.file === undefined) return;
    const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
    try {
      const world = await signingWorld(on);
      const [{ ecdsa }] = on.signers;
      const [client] = world.clients;
      const { keyId } = world;
      const digest = hash("a transaction");
      const { id: requestId } = await world.authorised(digest);
      const clientEntropy = randomBytes(32);
      prepare.mockClear();
      const begun = presign({ keyId });
      await ecdsa.openPresign(begun, step(), { ...BUDGET, capacity: 0 }, at(1));
      await ecdsa.presign(begun.id, 1, at(1));
      await ecdsa.stepPresign(begun, 1, step(), at(1));
      await ecdsa.abortPresign(begun.id);
      const presignatureId = await world.deal();
      await client.getPresignaturePool({ caller: CALLER, request: { keyId } });
      const clientEntropyHash = createHash("sha256").update(clientEntropy).digest();
      const init = { requestId, keyId, digest, presignatureId, clientEntropyHash };
      const { response } = await client.signEcdsaInit({ caller: CALLER, request: init });
      const signingSessionId = response?.signingSessionId ?? "";
      const finalize = { signingSessionId, keyId, digest, clientEntropy };
      await client.signEcdsaFinalize({ caller: CALLER, request: finalize });

      const statements = prepare.mock.calls
        .map(([text], i) => ({ text, db: prepare.mock.contexts[i] as DatabaseSync }))
        .filter(({ text }) => /^(select|update|delete|insert)/.test(text));
      for (const table of ["threshold_presigns", "threshold_presign_days", "threshold_presignatures"]) {
        expect(statements.map(({ text }) => text)).toContainEqual(expect.stringContaining(table));
      }
      const scanned = statements.flatMap(({ text, db }) =>
        db
          .prepare(`explain query plan ${text}`)
          .all()
          .map(({ detail }) => /^SCAN (\w+)/.exec(String(detail))?.[1])
          .filter((table) => table !== undefined && !SINGLE_ROW.includes(table))
          .map((table) => `${table}: ${text}`),
      );
      expect(scanned).toEqual([]);
    } finally {
      prepare.mockRestore();
    }
  });
});
