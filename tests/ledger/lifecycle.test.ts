import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { at, claimed, delegate, heldLane, signed, succeeded } from "./builders.ts";
import { engines, type LedgerHome } from "./engines.ts";

for (const engine of engines) {
  describe.skipIf(!engine.available)(`a submission's life in ${engine.name}`, () => {
    let home: LedgerHome;
    let ledger: Ledger;
    beforeEach(async () => {
      home = await engine.home();
      ledger = await home.open();
    });
    afterEach(() => home.remove());

    it("shows an accepted submission as the call that accepted it did", async () => {
      const result = await ledger.accept(delegate("a"));
      expect(result).toMatchObject({
        outcome: "accepted",
        submission: {
          id: "sub_a",
          tenant: "default",
          caller: "wallet",
          kind: "DELEGATE",
          state: "ACCEPTED",
          delegateHash: "hash-a",
          expiresAtHeight: 1_000n,
          transaction: null,
          cost: null,
          failure: null,
          transitions: [{ seq: 1n, state: "ACCEPTED", at: at(0) }],
        },
      });
      const read = await ledger.getSubmission("default", "sub_a");
      expect({ outcome: "accepted", submission: read }).toEqual(result);
    });

    it("goes from ACCEPTED to SUCCEEDED with every state, the transaction and the cost on record", async () => {
      const lane = await heldLane(ledger);
      const [work] = await claimed(ledger, lane, "a");
      expect(work).toMatchObject({ submissionId: "sub_a", nonce: 101n, attempt: null });
      expect(work?.payload).toEqual(delegate("a").submission.payload);

      const item = signed({ submissionId: "sub_a", nonce: 101n });
      await ledger.recordSigned(lane, [item]);
      await ledger.recordProgress(lane, [{ submissionId: "sub_a", to: "BROADCAST", at: at(1_100) }]);
      await ledger.recordProgress(lane, [{ submissionId: "sub_a", to: "INCLUDED", at: at(1_200) }]);
      const end = succeeded("sub_a");
      await ledger.recordTerminal(lane, [end]);

      const submission = await ledger.getSubmission("default", "sub_a");
      expect(submission).toMatchObject({ state: "SUCCEEDED", cost: end.cost, failure: null });
      expect(submission?.transaction).toEqual({
        hash: item.transactionHash,
        relayerId: "relayer.testnet",
        relayerPublicKey: "ed25519:relayer-1",
        nonce: 101n,
        blockHash: end.blockHash,
      });
      expect(submission?.transitions).toEqual([
        { seq: 1n, state: "ACCEPTED", at: at(0) },
        { seq: 2n, state: "SIGNED", at: at(1_000) },
        { seq: 3n, state: "BROADCAST", at: at(1_100) },
        { seq: 4n, state: "INCLUDED", at: at(1_200) },
        { seq: 5n, state: "SUCCEEDED", at: at(2_000) },
      ]);
      expect(await ledger.transitions("sub_a")).toEqual(submission?.transitions);
      expect(await ledger.openWork(lane.id)).toEqual([]);
    });
  });
}
