import { setTimeout as delay } from "node:timers/promises";
import { FencedError, mayBeOfOne } from "./errors.ts";
import type { LaneToken } from "./types.ts";

/** Most items of one transaction that has more than one call. */
const MAX_ITEMS = 256;
/** Longest pause after a transaction, in milliseconds. */
const MAX_PAUSE_MS = 25;
/** How long the others wait for a transaction that may wait for a lock, in milliseconds. */
const STUCK_MS = 1_000;

/** What the holder of a lane writes. */
export interface LaneCall<Item> {
  readonly token: LaneToken;
  readonly items: readonly Item[];
}

/**
 * SQLSTATE of a serialization failure, a deadlock, and a wait for a lock that took too long: the transaction was undone
 * for sure.
 */
const UNDONE = ["40001", "40P01", "57014"];

interface Waiting<Item> extends LaneCall<Item> {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins writes of one kind, of all lanes, that are asked for while another is under way or shortly after, into one
 * transaction: they share the tenants' budgets, which one transaction locks at a time. After each comes a pause as long
 * as it took, so that more go together the longer they take. A lane that is lost, and a call that cannot be carried
 * out, fail alone: what one of them may have brought about is tried again for each. Those that come later do not wait
 * for one that hangs.
 */
export class LaneWrites<Item> {
  readonly #write: (calls: readonly LaneCall<Item>[]) => Promise<ReadonlySet<LaneCall<Item>>>;
  #waiting: Waiting<Item>[] = [];
  #drain: Promise<void> | undefined;

  /** `write` carries out, in one transaction, those whose token is their lane's current one, and answers the others. */
  constructor(write: (calls: readonly LaneCall<Item>[]) => Promise<ReadonlySet<LaneCall<Item>>>) {
    this.#write = write;
  }

  /** Resolves with the commit. Throws FencedError, and what `write` throws. */
  add(token: LaneToken, items: readonly Item[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ token, items, resolve, reject });
    this.#drain ??= this.#drained();
    return promise;
  }

  async #drained(): Promise<void> {
    // Whatever is added in the same go comes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const began = performance.now();
      await unlessStuck(this.#settle(this.#waiting.splice(0, fitting(this.#waiting))));
      await delay(Math.min(performance.now() - began, MAX_PAUSE_MS));
    }
    this.#drain = undefined;
  }

  async #settle(calls: readonly Waiting<Item>[]): Promise<void> {
    try {
      const lost = await this.#write(calls);
      for (const call of calls) {
        const { laneId, epoch } = call.token;
        if (!lost.has(call)) call.resolve();
        else call.reject(new FencedError(`lane ${laneId} is no longer held under epoch ${epoch}`));
      }
    } catch (error) {
      if (calls.length > 1 && mayBeOfOne(error, UNDONE)) {
        await Promise.all(calls.map((call) => this.#settle([call])));
      } else {
        for (const { reject } of calls) reject(error);
      }
    }
  }
}

function unlessStuck(settled: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, STUCK_MS);
    void settled.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** How many of the first calls go together: at least one. */
function fitting(calls: readonly LaneCall<unknown>[]): number {
  let items = 0;
  const tooMany = calls.findIndex((call) => {
    items += call.items.length;
    return items > MAX_ITEMS;
  });
  return tooMany === -1 ? calls.length : Math.max(1, tooMany);
}
