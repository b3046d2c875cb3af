import { FencedError } from "@countersign/server/ledger/errors.ts";
import { expect, it } from "vitest";
import {
  at,
  claimed,
  creation,
  delegate,
  failed,
  heldLane,
  laneKey,
  signed,
  succeeded,
  TTL_MS,
} from "./builders.ts";
import { overEngines } from "./over-engines.ts";

overEngines("lanes", (on) => {
  it("makes one lane for each key, and finds it again", async () => {
    const first = await on.ledger.ensureLanes([laneKey("1"), laneKey("2")]);
    const again = await on.ledger.ensureLanes([laneKey("2"), laneKey("1"), laneKey("3")]);
    expect(first).toEqual([
      { id: 1, nextNonce: 0n, ...laneKey("1") },
      { id: 2, nextNonce: 0n, ...laneKey("2") },
    ]);
    expect(again.map(({ id }) => id)).toEqual([2, 1, 3]);
  });

  it("takes over the name that the signer has for a key now", async () => {
    await on.ledger.ensureLanes([laneKey("1")]);
    const renamed = { ...laneKey("1"), keyId: "renamed" };
    expect(await on.ledger.ensureLanes([renamed])).toEqual([{ id: 1, nextNonce: 0n, ...renamed }]);
  });

  it("gives a lane to one owner until the lease runs out", async () => {
    const lane = await heldLane(on.ledger);
    expect(await on.ledger.acquireLane(lane.id, "relay-2", at(TTL_MS - 1), TTL_MS)).toBeNull();
    const taken = await on.ledger.acquireLane(lane.id, "relay-2", at(TTL_MS), TTL_MS);
    expect(taken).toEqual({ epoch: lane.epoch + 1n, nextNonce: 0n });
  });

  it("keeps a lease that is renewed in time", async () => {
    const lane = await heldLane(on.ledger);
    expect(await on.ledger.renewLane(lane, at(4_000), TTL_MS)).toBe(true);
    expect(await on.ledger.acquireLane(lane.id, "relay-2", at(8_999), TTL_MS)).toBeNull();
    expect(await on.ledger.acquireLane(lane.id, "relay-2", at(9_000), TTL_MS)).not.toBeNull();
    expect(await on.ledger.renewLane(lane, at(9_000), TTL_MS)).toBe(false);
  });

  it("gives a released lane away at once", async () => {
    const lane = await heldLane(on.ledger);
    await on.ledger.releaseLane(lane);
    expect(await on.ledger.renewLane(lane, at(1), TTL_MS)).toBe(false);
    expect(await on.ledger.acquireLane(lane.id, "relay-2", at(1), TTL_MS)).toMatchObject({
      epoch: lane.epoch + 1n,
    });
    // The old owner's second release takes nothing away from the new one.
    await on.ledger.releaseLane(lane);
    expect(await on.ledger.acquireLane(lane.id, "relay-3", at(2), TTL_MS)).toBeNull();
  });

  it("fences the token of an owner's earlier lease", async () => {
    const lane = await heldLane(on.ledger);
    const again = await on.ledger.acquireLane(lane.id, "relay-1", at(1), TTL_MS);
    expect(again?.epoch).toBe(lane.epoch + 1n);
    await expect(on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n })).rejects.toThrow(FencedError);
  });

  it("writes nothing for an owner that lost the lane", async () => {
    const stale = await heldLane(on.ledger);
    const [a, b] = await claimed(on.ledger, stale, "a", "b");
    if (a === undefined || b === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(stale, [signed(a)]);
    await on.ledger.accept(creation("c"));
    const lease = await on.ledger.acquireLane(stale.id, "relay-2", at(TTL_MS), TTL_MS);

    const late = [
      on.ledger.claim({ ...stale, limit: 1, nonceFloor: 500n }),
      on.ledger.reallocate({ ...stale, submissionIds: ["sub_b"], nonceFloor: 500n }),
      on.ledger.recordSigned(stale, [signed(b)]),
      on.ledger.recordProgress(stale, [{ submissionId: "sub_a", to: "BROADCAST", at: at(1) }]),
      on.ledger.recordTerminal(stale, [succeeded("sub_a")]),
      on.ledger.recordTerminal(stale, [failed("sub_b", "REJECTED")]),
    ];
    for (const write of await Promise.allSettled(late)) {
      expect(write).toMatchObject({ status: "rejected", reason: expect.any(FencedError) });
    }

    expect((await on.ledger.getSubmission("default", "sub_a"))?.state).toBe("SIGNED");
    expect(await on.ledger.getByTransactionHash("default", signed(b).transactionHash)).toBeUndefined();
    const next = { laneId: stale.id, epoch: lease?.epoch ?? 0n, limit: 5, nonceFloor: 101n };
    expect(await on.ledger.claim(next)).toMatchObject([{ submissionId: "sub_c", nonce: 103n }]);
  });

  it("writes for a lane what is asked for at once with a lost one's", async () => {
    const [lost, kept] = [await heldLane(on.ledger, "1"), await heldLane(on.ledger, "2")];
    const [a] = await claimed(on.ledger, lost, "a");
    const [b] = await claimed(on.ledger, kept, "b");
    if (a === undefined || b === undefined) throw new Error("nothing claimed");
    await on.ledger.acquireLane(lost.id, "relay-2", at(TTL_MS), TTL_MS);
    const ends = await Promise.allSettled([
      on.ledger.recordSigned(lost, [signed(a)]),
      on.ledger.recordSigned(kept, [signed(b)]),
    ]);
    expect(ends[0]).toMatchObject({ status: "rejected", reason: expect.any(FencedError) });
    expect(ends[1]?.status).toBe("fulfilled");
    expect((await on.ledger.openWork(lost.id))[0]).toMatchObject({
      submissionId: "sub_a",
      state: "ACCEPTED",
    });
    expect((await on.ledger.openWork(kept.id))[0]).toMatchObject({ submissionId: "sub_b", state: "SIGNED" });
    expect(await on.ledger.transitions("sub_a")).toHaveLength(1);
  });

  it("hands an unfinished lane on with payloads, nonces and signed bytes", async () => {
    const lane = await heldLane(on.ledger);
    const [a] = await claimed(on.ledger, lane, "a", "b", "c");
    if (a === undefined) throw new Error("nothing claimed");
    const item = signed(a);
    await on.ledger.recordSigned(lane, [item]);
    await on.ledger.recordTerminal(lane, [failed("sub_b", "REJECTED")]);

    const work = await on.ledger.openWork(lane.id);
    expect(work).toMatchObject([
      { submissionId: "sub_a", state: "SIGNED", nonce: 101n },
      { submissionId: "sub_c", state: "ACCEPTED", nonce: 103n, attempt: null },
    ]);
    expect(work[0]?.payload).toEqual(delegate("a").submission.payload);
    expect(work[0]?.attempt).toEqual({
      laneId: lane.id,
      nonce: 101n,
      transactionHash: item.transactionHash,
      signedTransaction: item.signedTransaction,
      blockHashHeight: 500n,
      signedAt: item.at,
    });
  });
});
