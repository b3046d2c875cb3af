import { IllegalTransitionError } from "@countersign/server/ledger/errors.ts";
import { expect, it } from "vitest";
import { at, claimed, delegate, heldLane, signed, succeeded } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

overEngines("a submission's life", (on) => {
  it("shows an accepted submission as the call that accepted it did", async () => {
    const result = await on.ledger.accept(delegate("a"));
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
    const read = await on.ledger.getSubmission("default", "sub_a");
    expect({ outcome: "accepted", submission: read, budget: [] }).toEqual(result);
  });

  it("goes from ACCEPTED to SUCCEEDED with every state, the transaction and the cost on record", async () => {
    const lane = await heldLane(on.ledger);
    const [work] = await claimed(on.ledger, lane, "a");
    expect(work).toMatchObject({ submissionId: "sub_a", nonce: 101n, attempt: null });
    expect(work?.payload).toEqual(delegate("a").submission.payload);

    const item = signed({ submissionId: "sub_a", nonce: 101n });
    await on.ledger.recordSigned(lane, [item]);
    await on.ledger.recordProgress(lane, [{ submissionId: "sub_a", to: "BROADCAST", at: at(1_100) }]);
    await on.ledger.recordProgress(lane, [{ submissionId: "sub_a", to: "INCLUDED", at: at(1_200) }]);
    const end = succeeded("sub_a");
    await on.ledger.recordTerminal(lane, [end]);

    const submission = await on.ledger.getSubmission("default", "sub_a");
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
    expect(await on.ledger.transitions("sub_a")).toEqual(submission?.transitions);
    expect(await on.ledger.openWork(lane.id)).toEqual([]);
  });

  it.each(["INCLUDED", "SUCCEEDED"] as const)("enters BROADCAST on its way to %s", async (to) => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 101n })]);
    const write = () =>
      to === "INCLUDED"
        ? on.ledger.recordProgress(lane, [{ submissionId: "sub_a", to, at: at(2_000), sentAt: at(1_100) }])
        : on.ledger.recordTerminal(lane, [{ ...succeeded("sub_a"), sentAt: at(1_100) }]);
    await write();
    // Its answer may have been lost.
    await write();
    const transitions = [
      { seq: 1n, state: "ACCEPTED", at: at(0) },
      { seq: 2n, state: "SIGNED", at: at(1_000) },
      { seq: 3n, state: "BROADCAST", at: at(1_100) },
      { seq: 4n, state: to, at: at(2_000) },
    ];
    expect(await on.ledger.getSubmission("default", "sub_a")).toMatchObject({ state: to, transitions });
    expect(await on.ledger.transitions("sub_a")).toEqual(transitions);
  });

  it("enters BROADCAST once", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 101n })]);
    await on.ledger.recordProgress(lane, [{ submissionId: "sub_a", to: "BROADCAST", at: at(1_100) }]);
    const before = await on.ledger.getSubmission("default", "sub_a");
    await expect(
      on.ledger.recordTerminal(lane, [{ ...succeeded("sub_a"), sentAt: at(1_200) }]),
    ).rejects.toThrow(IllegalTransitionError);
    expect(await on.ledger.getSubmission("default", "sub_a")).toEqual(before);
  });

  it("shows a submission with the transitions of its state, even when the next one is being written", async () => {
    await on.ledger.accept(delegate("a"));
    const before = await on.ledger.getSubmission("default", "sub_a");
    await on.home.execute("insert into transitions values ('sub_a', 2, 'SIGNED', 0)");
    expect(await on.ledger.getSubmission("default", "sub_a")).toEqual(before);
  });
});
