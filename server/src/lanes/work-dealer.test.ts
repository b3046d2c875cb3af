import { expect, it, onTestFinished } from "vitest";
import type { Waiting } from "../ledger/ledger.ts";
import { type DealtLane, WorkDealer } from "./work-dealer.ts";

/** A dealer over lanes with these rooms, and a queue that answers what the test says. */
function start(
  places: readonly Partial<DealtLane>[],
  waiting: (limit: number, accountIds: readonly string[]) => Waiting,
) {
  const offers: number[][] = places.map(() => []);
  const limits: number[] = [];
  const looks = new Set<() => void>();
  const lanes = places.map((place, i): DealtLane & { isBusy: boolean } => ({
    ...{ accountId: "a", load: 0, room: 4, free: place.room ?? 4, offered: 0, isBusy: false },
    ...place,
    offer: (count) => offers[i]?.push(count),
  }));
  const dealer = new WorkDealer({
    lanes: () => lanes,
    waiting: async ({ limit, accountIds }) => {
      limits.push(limit);
      for (const look of looks) queueMicrotask(look);
      return waiting(limit, accountIds ?? ["a", "b"]);
    },
    onFailed: () => undefined,
  });
  const stop = new AbortController();
  const running = dealer.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  const looked = (times: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (limits.length >= times) setImmediate(resolve);
      };
      looks.add(look);
      look();
    });
  return { dealer, lanes, offers, limits, looked };
}

const any = (count: number) => Array.from({ length: count }, () => null);

it("asks for as much as there is room for, and deals it out", async () => {
  const { offers, limits, looked } = start([{ load: 2 }, {}], () => ({ accounts: any(4), more: false }));
  await looked(1);
  expect(limits[0]).toBe(8);
  expect(offers).toEqual([[1], [3]]);
});

it("asks for what lanes with room may take, so that what waits for others keeps nothing from them", async () => {
  const queue = ["b", "b", "b", null];
  const { offers, looked } = start([{ room: 1 }, { accountId: "b", room: 0 }], (limit, accountIds) => {
    const found = queue.filter((account) => account === null || accountIds.includes(account));
    return { accounts: found.slice(0, limit), more: true };
  });
  await looked(1);
  expect(offers).toEqual([[1], []]);
});

it("passes over what was dealt before and is not claimed yet", async () => {
  const { offers, limits, looked } = start([{ offered: 2, load: 2, room: 2 }, {}], () => ({
    ...{ accounts: any(3), more: false },
  }));
  await looked(1);
  expect(limits[0]).toBe(8);
  expect(offers).toEqual([[], [1]]);
});

it("keeps a share for a lane that signs, and deals again when it has room", async () => {
  const { dealer, offers, looked } = start([{ isBusy: true }, {}], () => ({ accounts: any(2), more: false }));
  await looked(1);
  expect(offers).toEqual([[], [1]]);
  dealer.freed();
  await looked(2);
});

it("does not look at the queue while all lanes with room sign", async () => {
  const { dealer, lanes, offers, limits, looked } = start([{ isBusy: true }, { room: 0 }], () => ({
    ...{ accounts: any(2), more: false },
  }));
  expect(limits).toEqual([]);
  for (const lane of lanes) lane.isBusy = false;
  dealer.freed();
  await looked(1);
  expect(offers).toEqual([[2], []]);
});

it("looks at once when something is accepted, and not for room when nothing was left", async () => {
  const { dealer, limits, looked } = start([{}], () => ({ accounts: [], more: false }));
  await looked(1);
  for (let i = 0; i < 50; i++) dealer.freed();
  dealer.wake();
  await looked(2);
  expect(limits).toHaveLength(2);
});

it("looks for room when something was left, and again after the queue could not be looked at", async () => {
  let fails = true;
  const { dealer, looked } = start([{}], () => {
    if (fails) throw new Error("the ledger is away");
    return { accounts: [], more: true };
  });
  await looked(1);
  fails = false;
  await looked(2);
  dealer.freed();
  await looked(3);
});
