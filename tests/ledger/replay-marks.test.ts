import { expect, it } from "vitest";
import { claimed, delegate, failed, heldLane, NETWORK, signed, succeeded } from "./builders.ts";
import { type Context, overEngines } from "./over-engines.ts";

/** Accepts a delegate that can land up to a height, and brings it to success. */
async function relayed(on: Context, name: string, maxBlockHeight: bigint): Promise<void> {
  const lane = await heldLane(on.ledger);
  const input = delegate(name);
  if (input.replayMark === null) throw new Error("a delegate has a mark");
  await on.ledger.accept({ ...input, replayMark: { ...input.replayMark, maxBlockHeight } });
  const [work] = await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n });
  if (work === undefined) throw new Error("nothing claimed");
  await on.ledger.recordSigned(lane, [signed(work)]);
  await on.ledger.recordTerminal(lane, [succeeded(work.submissionId)]);
}

async function isMarked(on: Context, name: string): Promise<boolean> {
  const { replayMark } = delegate(name);
  if (replayMark === null) throw new Error("a delegate has a mark");
  return on.ledger.isReplayed(NETWORK, replayMark);
}

overEngines("replay marks", (on) => {
  it("are pruned only when the final block is above the last one in which the delegate can land", async () => {
    await relayed(on, "a", 1_000n);
    expect(await on.ledger.pruneReplayMarks(NETWORK, 1_000n)).toBe(0);
    expect(await isMarked(on, "a")).toBe(true);
    expect(await on.ledger.pruneReplayMarks("mainnet", 1_001n)).toBe(0);
    expect(await on.ledger.pruneReplayMarks(NETWORK, 1_001n)).toBe(1);
    expect(await isMarked(on, "a")).toBe(false);
  });

  it("stay while their submission is open, whatever the height", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a", "b");
    await on.ledger.recordTerminal(lane, [failed("sub_b", "REJECTED")]);
    expect(await on.ledger.pruneReplayMarks(NETWORK, 9_999n)).toBe(0);
    expect(await isMarked(on, "a")).toBe(true);
    await on.ledger.recordTerminal(lane, [failed("sub_a", "REJECTED")]);
    expect(await isMarked(on, "a")).toBe(false);
  });

  it("stay when their submission succeeds or fails on chain", async () => {
    const lane = await heldLane(on.ledger);
    const [a, b] = await claimed(on.ledger, lane, "a", "b");
    if (a === undefined || b === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(lane, [signed(a), signed(b)]);
    await on.ledger.recordTerminal(lane, [succeeded("sub_a"), failed("sub_b", "FAILED")]);
    expect(await isMarked(on, "a")).toBe(true);
    expect(await isMarked(on, "b")).toBe(true);
  });

  it("are pruned a thousand at a time, the oldest first", async () => {
    const lane = await heldLane(on.ledger);
    const names = Array.from({ length: 1_005 }, (_, i) => `n${i}`);
    const height = (i: number) => 2_000n - BigInt(i);
    const accepted = names.map((name, i) => {
      const input = delegate(name, { maxOpen: 5_000 });
      if (input.replayMark === null) throw new Error("a delegate has a mark");
      return on.ledger.accept({ ...input, replayMark: { ...input.replayMark, maxBlockHeight: height(i) } });
    });
    await Promise.all(accepted);
    const work = await on.ledger.claim({ ...lane, limit: 2_000, nonceFloor: 1n });
    await on.ledger.recordSigned(lane, work.map(signed));
    await on.ledger.recordTerminal(
      lane,
      names.map((name) => succeeded(`sub_${name}`)),
    );
    expect(await on.ledger.pruneReplayMarks(NETWORK, 9_999n)).toBe(1_000);
    expect(await isMarked(on, "n5")).toBe(false);
    expect(await isMarked(on, "n4")).toBe(true);
    expect(await on.ledger.pruneReplayMarks(NETWORK, 9_999n)).toBe(5);
    expect(await on.ledger.pruneReplayMarks(NETWORK, 9_999n)).toBe(0);
  });
});
