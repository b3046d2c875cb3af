import type { LaneToken, Ledger } from "../ledger/ledger.ts";
import type { LaneRetry } from "./lane-retry.ts";
import type { ChainReads } from "./never-lands.ts";
import { nonceFloor } from "./nonce-floor.ts";
import type { LaneKey } from "./sign-batch.ts";
import type { Work } from "./work.ts";

export interface LaneNoncesOptions {
  readonly key: LaneKey;
  readonly token: LaneToken;
  readonly ledger: Ledger;
  readonly chain: ChainReads;
}

/** Which nonces of a lane's key can be signed. */
export class LaneNonces {
  readonly #options: LaneNoncesOptions;
  readonly #retry: LaneRetry;
  readonly #signal: AbortSignal;
  /** The lowest nonce that the chain took when it was asked last. */
  #floor = 0n;
  /** Whether the chain is to be asked before the next nonce is used. */
  #asks = true;
  /** No nonce up to this one is of use any more: one above it was signed, or it is taken itself. */
  #used = -1n;

  constructor(options: LaneNoncesOptions, retry: LaneRetry, signal: AbortSignal) {
    this.#options = options;
    this.#retry = retry;
    this.#signal = signal;
  }

  /** Says that a nonce, and all below it, are of no use any more. */
  noteUsed(nonce: bigint): void {
    if (nonce > this.#used) this.#used = nonce;
  }

  /** Says that somebody else may have used the key: the chain is asked anew how far. */
  doubt(): void {
    this.#asks = true;
  }

  /** The lowest nonce that the chain would take; the chain is asked at first, and after each doubt. */
  async floor(): Promise<bigint> {
    if (!this.#asks) return this.#floor;
    const { chain, key } = this.#options;
    // Taken back first: what is doubted while the chain answers is asked for again.
    this.#asks = false;
    this.#floor = await this.#retry.run("nonce", () => nonceFloor(chain, key, this.#signal));
    return this.#floor;
  }

  /**
   * Work with nonces that can be signed, in their order: its own, or a fresh one in place of one that is of no use. A
   * nonce is kept while it can be: a signer takes none far above the last that it signed, and it may sign nothing for
   * days.
   */
  async renew(work: readonly Work[], floor: bigint): Promise<Work[]> {
    const { ledger, token } = this.#options;
    const submissionIds = work
      .filter(({ nonce }) => nonce <= this.#used || nonce < floor)
      .map(({ submissionId }) => submissionId);
    if (submissionIds.length === 0) return work.toSorted(byNonce);
    const input = { ...token, submissionIds, nonceFloor: floor };
    const fresh = await this.#retry.run("ledger", () => ledger.reallocate(input));
    const nonces = new Map(fresh.map(({ submissionId, nonce }) => [submissionId, nonce]));
    return work.map((one) => withNonce(one, nonces.get(one.submissionId))).toSorted(byNonce);
  }
}

function withNonce(work: Work, nonce: bigint | undefined): Work {
  return nonce === undefined ? work : { ...work, nonce, block: null };
}

function byNonce(a: Work, b: Work): number {
  return a.nonce < b.nonce ? -1 : 1;
}
