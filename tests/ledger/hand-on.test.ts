import { expect, it } from "vitest";
import { at, claimed, delegate, failed, heldLane, laneKey, NETWORK, signed, succeeded } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

overEngines("work that a lane hands on", (on) => {
  it("is claimed and signed anew by another lane, with the dead transaction's place told", async () => {
    const lane = await heldLane(on.ledger, "1");
    const other = await heldLane(on.ledger, "2", "relay-2");
    await claimed(on.ledger, lane, "a", "b");
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 101n })]);
    await on.ledger.recordProgress(lane, [{ submissionId: "sub_a", to: "INCLUDED", at: at(1_500) }]);
    for (const _ of ["once", "again"]) await on.ledger.handOn(lane, ["sub_a", "sub_b"]);
    expect(await on.ledger.openWork(lane.id)).toEqual([]);

    const taken = await on.ledger.claim({ ...other, limit: 10, nonceFloor: 7n });
    expect(taken).toMatchObject([
      { submissionId: "sub_a", nonce: 7n, state: "INCLUDED", attempt: { laneId: lane.id, nonce: 101n } },
      { submissionId: "sub_b", nonce: 8n, state: "ACCEPTED", attempt: null },
    ]);
    // The first answer was lost, and it is repeated when the work is another lane's already.
    await on.ledger.handOn(lane, ["sub_a"]);
    await on.ledger.recordSigned(other, [signed({ submissionId: "sub_a", nonce: 7n })]);
    expect(await on.ledger.openWork(other.id)).toMatchObject([
      { submissionId: "sub_a", state: "SIGNED", attempt: { laneId: other.id, nonce: 7n } },
      { submissionId: "sub_b" },
    ]);
    await on.ledger.recordTerminal(other, [succeeded("sub_a")]);
    const { state, transaction } = (await on.ledger.getSubmission("default", "sub_a")) ?? {};
    expect({ state, key: transaction?.relayerPublicKey }).toEqual({
      state: "SUCCEEDED",
      key: other.publicKey,
    });
  });

  it("stays before what was accepted after it in its group, also when a block had it once", async () => {
    const lane = await heldLane(on.ledger, "1");
    const other = await heldLane(on.ledger, "2", "relay-2");
    const ordered = { orderingGroup: "g" };
    await on.ledger.accept(delegate("a", { at: at(0), ...ordered }));
    await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n });
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 1n })]);
    await on.ledger.recordProgress(lane, [{ submissionId: "sub_a", to: "INCLUDED", at: at(1_500) }]);
    await on.ledger.handOn(lane, ["sub_a"]);
    await on.ledger.accept(delegate("b", { at: at(1), ...ordered }));
    const taken = await on.ledger.claim({ ...other, limit: 9, nonceFloor: 1n });
    expect(taken.map(({ submissionId }) => submissionId)).toEqual(["sub_a"]);
  });

  it("is nothing that has ended, and nothing when the lane was lost", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a", "b");
    await on.ledger.recordTerminal(lane, [failed("sub_a", "REJECTED")]);
    await on.ledger.handOn(lane, ["sub_a"]);
    expect((await on.ledger.getSubmission("default", "sub_a"))?.state).toBe("REJECTED");
    await on.ledger.acquireLane(lane.id, "relay-2", at(60_000), 5_000);
    await expect(on.ledger.handOn(lane, ["sub_b"])).rejects.toThrow(/lease|lane/);
    expect(await on.ledger.openWork(lane.id)).toHaveLength(1);
  });
});

overEngines("lanes with work", (on) => {
  it("are those of the accounts that hold something open", async () => {
    const lane = await heldLane(on.ledger, "1");
    await heldLane(on.ledger, "2", "relay-2");
    const { accountId } = laneKey("1");
    const ids = async (...accounts: string[]) =>
      (await on.ledger.lanesWithWork(NETWORK, accounts)).map(({ id }) => id);
    expect(await ids(accountId)).toEqual([]);
    await claimed(on.ledger, lane, "a");
    expect(await ids(accountId, "other.testnet")).toEqual([lane.id]);
    expect(await ids("other.testnet")).toEqual([]);
    expect(await ids()).toEqual([]);
    expect(await on.ledger.lanesWithWork("mainnet", [accountId])).toEqual([]);
    await on.ledger.recordTerminal(lane, [failed("sub_a", "REJECTED")]);
    expect(await ids(accountId)).toEqual([]);
  });
});
