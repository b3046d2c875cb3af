import { describe, expect, it, onTestFinished, vi } from "vitest";
import { FencedError, LedgerUnavailableError } from "./errors.ts";
import { type LaneCall, LaneWrites } from "./lane-writes.ts";

const token = (laneId: number) => ({ laneId, epoch: 1n });
const itemsOf = (calls: readonly LaneCall<string>[]) => calls.flatMap(({ items }) => items);

/** Writes of which `fails` says why one cannot be carried out; lane 9 is lost. */
function start(fails: (items: readonly string[]) => Error | undefined = () => undefined) {
  const written: string[][] = [];
  const writes = new LaneWrites<string>(async (calls) => {
    const error = fails(itemsOf(calls));
    if (error !== undefined) throw error;
    const lost = calls.filter(({ token: { laneId } }) => laneId === 9);
    written.push(itemsOf(calls.filter((call) => !lost.includes(call))));
    return new Set(lost);
  });
  return { writes, written };
}

describe("writes of lanes", () => {
  it("go together where they are asked for at once, or while others are under way", async () => {
    const { writes, written } = start();
    const first = [writes.add(token(1), ["a", "b"]), writes.add(token(2), ["c"])];
    await Promise.all(first);
    await Promise.all([writes.add(token(1), ["d"]), writes.add(token(3), ["e"])]);
    expect(written).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
  });

  it("have at most 256 items together, and one call more if need be", async () => {
    const { writes, written } = start();
    const items = (count: number) => Array.from({ length: count }, (_, i) => String(i));
    const calls = [200, 57, 300, 1].map((count, i) => writes.add(token(i + 1), items(count)));
    await Promise.all(calls);
    expect(written.map(({ length }) => length)).toEqual([200, 57, 300, 1]);
  });

  it("fail for a lane that is lost, and for no other", async () => {
    const { writes, written } = start();
    const ends = await Promise.allSettled([writes.add(token(9), ["a"]), writes.add(token(1), ["b"])]);
    expect(ends[0]).toMatchObject({ status: "rejected", reason: expect.any(FencedError) });
    expect(ends[1]?.status).toBe("fulfilled");
    expect(written).toEqual([["b"]]);
  });

  it("are carried out one by one where one of them cannot be", async () => {
    const wrong = new Error("no such state");
    const { writes, written } = start((items) => (items.includes("b") ? wrong : undefined));
    const ends = await Promise.allSettled(["a", "b", "c"].map((item, i) => writes.add(token(i + 1), [item])));
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(ends[1]).toMatchObject({ reason: wrong });
    expect(written).toEqual([["a"], ["c"]]);
  });

  it("do not wait longer than a second for others that hang", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const hangs = Promise.withResolvers<ReadonlySet<never>>();
    const writes = new LaneWrites<string>((calls) =>
      itemsOf(calls).includes("a") ? hangs.promise : Promise.resolve(new Set()),
    );
    const first = writes.add(token(1), ["a"]);
    await Promise.resolve();
    const second = writes.add(token(2), ["b"]);
    await vi.advanceTimersByTimeAsync(1_000);
    await second;
    hangs.resolve(new Set());
    await first;
  });

  it("are tried one by one after a wait for a lock that took too long", async () => {
    const cause = Object.assign(new Error("canceling statement due to statement timeout"), { code: "57014" });
    const timedOut = new LedgerUnavailableError("too long", { cause });
    const { writes, written } = start((items) => (items.includes("a") ? timedOut : undefined));
    const ends = await Promise.allSettled([writes.add(token(1), ["a"]), writes.add(token(2), ["b"])]);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(written).toEqual([["b"]]);
  });

  it("all fail at once when the ledger is away, and the next are tried anew", async () => {
    let calls = 0;
    const { writes, written } = start(() => (++calls === 1 ? new LedgerUnavailableError("away") : undefined));
    const ends = await Promise.allSettled([writes.add(token(1), ["a"]), writes.add(token(2), ["b"])]);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await writes.add(token(1), ["a"]);
    expect([calls, written]).toEqual([2, [["a"]]]);
  });
});
