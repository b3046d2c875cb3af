import { expect, it, onTestFinished, vi } from "vitest";
import { ChainError, type ChainErrorKind } from "../near/chain-error.ts";
import type { Attempt } from "./delivery.ts";
import { LaneDeliveries, type LaneDeliveriesOptions } from "./lane-deliveries.ts";
import { LaneHealth } from "./lane-health.ts";
import type { LaneNonces } from "./lane-nonces.ts";
import type { LaneRecord } from "./lane-record.ts";
import { LowBalances } from "./low-balances.ts";
import type { Work } from "./work.ts";

interface Lane {
  readonly window?: number;
  /** The first nonce that the chain takes, when the key is looked at. */
  readonly floor?: bigint;
  /** The key's nonce in a final block. */
  readonly finalNonce?: bigint;
  readonly expiresAtHeight?: (nonce: bigint) => bigint | null;
}

/**
 * A lane with signed transactions of the nonces from 1 on, on a chain that answers a send when it is told to and knows no
 * transaction. Its clock stands still: nothing is sent because it has waited for long.
 */
function start(count: number, { window = 1, floor = 0n, finalNonce = 0n, expiresAtHeight }: Lane) {
  const stop = new AbortController();
  const head = { height: 100n, asked: 0 };
  const answers = new Map<bigint, PromiseWithResolvers<never>>();
  const now = () => new Date(0);
  const unknown = async () => {
    throw new ChainError("unknown-transaction", "unknown");
  };
  const transactions = {
    endpointFor: () => 0,
    byHash: unknown,
    send: ({ nonce }: Attempt) => {
      const answer = Promise.withResolvers<never>();
      answers.set(nonce, answer);
      return answer.promise;
    },
  };
  const views = {
    status: async () => ({ syncing: false, earliestHeight: 0n }),
    block: async () => head,
    accessKey: async () => ({ nonce: finalNonce, blockHeight: head.height }),
  };
  const dead: string[] = [];
  const options = {
    ...{ now, random: () => 0, lowBalances: new LowBalances(now), signal: stop.signal },
    key: { accountId: "relay.testnet", publicKey: "" },
    head: {
      get: async () => {
        head.asked++;
        return head;
      },
    },
    chain: { views, transactions, endpointCount: 1, isDown: () => false, validityBlocks: 86_400n },
    windowFor: () => window,
    onDead: ({ submissionId }: Work) => void dead.push(submissionId),
    ...{ onTrouble: () => {}, onKeyUnknown: () => {}, onRoom: () => {} },
    onFailed: (error: unknown) => {
      if (!stop.signal.aborted) throw error;
    },
  } as unknown as LaneDeliveriesOptions;
  const record = { reached: async () => {}, ended: async () => {} } as unknown as LaneRecord;
  let looks = 0;
  const nonces = {
    look: async () => {
      looks++;
      return floor;
    },
  } as unknown as LaneNonces;
  const deliveries = new LaneDeliveries(options, record, new LaneHealth(8, now), nonces);
  for (let nonce = 1n; nonce <= count; nonce++) {
    const submissionId = `sub_${nonce}`;
    const expiry = expiresAtHeight?.(nonce) ?? null;
    const work = { submissionId, state: "SIGNED", expiresAtHeight: expiry } as Work;
    deliveries.enqueue(work, { submissionId, nonce, blockHashHeight: 100n } as Attempt);
  }
  onTestFinished(() => {
    stop.abort();
    for (const { promise, reject } of answers.values()) {
      promise.catch(() => undefined);
      reject(stop.signal.reason);
    }
    return deliveries.stopped();
  });
  return {
    head,
    dead,
    looks: () => looks,
    sent: () => [...answers.keys()],
    fail: (nonce: bigint, kind: ChainErrorKind) => answers.get(nonce)?.reject(new ChainError(kind, kind)),
  };
}

it("sends one at a time where the lane is to sign nothing", () => {
  expect(start(2, { window: 0 }).sent()).toEqual([1n]);
});

it("sends what was signed with one that died, without room", async () => {
  const { fail, dead, sent } = start(4, { finalNonce: 1n });
  expect(sent()).toEqual([1n]);
  fail(1n, "unavailable");
  await vi.waitFor(() => expect(sent()).toEqual([1n, 2n, 3n, 4n]), 10_000);
  expect(dead).toEqual(["sub_1"]);
});

it("sends what the chain is past, without room, and the first that it is not past", async () => {
  const { fail, looks, sent } = start(6, { floor: 4n });
  fail(1n, "invalid-nonce");
  await vi.waitFor(() => expect(sent()).toContain(4n), 10_000);
  expect(sent()).toEqual([1n, 2n, 3n, 4n]);
  // All at the first look at the key.
  expect(looks()).toBe(1);
});

it("sends what has little time left, and what was signed before it, without room", async () => {
  const { head, sent } = start(4, { expiresAtHeight: (nonce) => (nonce === 3n ? 1_000n : null) });
  head.height = 970n;
  await vi.waitFor(() => expect(head.asked).toBeGreaterThan(2), 10_000);
  expect(sent()).toEqual([1n]);
  head.height = 980n;
  await vi.waitFor(() => expect(sent()).toEqual([1n, 2n, 3n]), 10_000);
});
