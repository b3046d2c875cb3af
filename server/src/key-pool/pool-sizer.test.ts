import { expect, it } from "vitest";
import type { KeyOperation, WaitingQuery } from "../ledger/ledger.ts";
import type { OperationRequest } from "./begin-operation.ts";
import { PoolSizer } from "./pool-sizer.ts";

const NOW = new Date("2030-01-02T00:00:00Z");
const HOUR_MS = 3_600_000;
const ACCOUNT = "relay.testnet";
const key = (keyId: string) => ({
  ...{ keyId, network: "testnet", accountId: ACCOUNT, publicKey: `ed25519:${keyId}` },
  ...({ state: "ACTIVE", paused: false, signs: true } as const),
});

/** Looks every two seconds for two minutes; gives what is begun. */
async function begun(options: {
  readonly keys: readonly string[];
  /** Whose lanes alone may take each submission that waits. */
  readonly queue?: readonly (string | null)[];
  /** Operations of before, newest first. */
  readonly operations?: readonly Pick<KeyOperation, "kind" | "actor" | "createdAt">[];
}): Promise<OperationRequest[]> {
  const { keys, queue = [], operations = [] } = options;
  const requests: OperationRequest[] = [];
  let ms = NOW.getTime();
  const since = new Date(ms - HOUR_MS);
  const sizer = new PoolSizer({
    network: "testnet",
    accounts: [
      {
        accountId: ACCOUNT,
        pool: {
          keyIdPrefix: "pool-",
          sizing: { minKeys: 1, maxKeys: 3, growAfterMs: 10_000, shrinkAfterMs: 60_000 },
        },
      },
    ],
    ledger: {
      openKeyOperations: async () => [],
      listKeyOperations: async (_network, _accountId, limit) =>
        operations.slice(0, limit).map((one) => ({ ...one, step: "DONE", endedAt: since }) as KeyOperation),
      stats: async () => ({ openByState: new Map(), oldestUnclaimedAt: queue.length === 0 ? null : since }),
      waiting: async ({ limit, accountIds }: WaitingQuery) => {
        const may = (account: string | null) => account === null || (accountIds?.includes(account) ?? true);
        return { accounts: queue.filter(may).slice(0, limit), more: true };
      },
    } as ConstructorParameters<typeof PoolSizer>[0]["ledger"],
    listKeys: async () => keys.map(key),
    laneReports: () => [],
    window: 16,
    isHindered: async () => false,
    heldTenants: () => [],
    begin: async (request) => void requests.push(request),
    cancel: () => Promise.reject(new Error("nothing runs")),
    events: { ledgerUnavailable: () => undefined, keyPoolNotSized: () => undefined },
    now: () => new Date(ms),
  });
  for (; ms <= NOW.getTime() + 120_000 && requests.length === 0; ms += 2_000) {
    await sizer.look(new AbortController().signal);
  }
  return requests;
}

const added = (count: number, ago: number, actor = "relay") =>
  Array.from({ length: count }, () => ({
    kind: "ADD" as const,
    actor,
    createdAt: new Date(NOW.getTime() - ago * HOUR_MS),
  }));

it("grows for what waits, also where another account's work comes before it", async () => {
  expect(await begun({ keys: ["a"], queue: ["other.testnet", null] })).toMatchObject([{ kind: "ADD" }]);
  expect(await begun({ keys: ["a"], queue: ["other.testnet"] })).toEqual([]);
});

it("neither grows nor shrinks once it has added many keys within a day", async () => {
  const busy = { keys: ["a"], queue: [null] };
  const calm = { keys: ["a", "pool-1"] };
  for (const operations of [added(15, 1), added(30, 25), added(30, 1, "admin:ops")]) {
    expect(await begun({ ...busy, operations })).toMatchObject([{ kind: "ADD" }]);
    expect(await begun({ ...calm, operations })).toMatchObject([{ kind: "DRAIN" }]);
  }
  expect(await begun({ ...busy, operations: added(16, 1) })).toEqual([]);
  expect(await begun({ ...calm, operations: added(16, 1) })).toEqual([]);
});

it("has its fewest keys all the same", async () => {
  expect(await begun({ keys: [], operations: added(16, 1) })).toMatchObject([{ kind: "ADD" }]);
});
