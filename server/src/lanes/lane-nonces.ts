import type { LaneToken, Ledger } from "../ledger/ledger.ts";
import { ChainError } from "../near/chain-error.ts";
import { isKeyMissing } from "./key-presence.ts";
import type { LaneRetry } from "./lane-retry.ts";
import type { ChainReads } from "./never-lands.ts";
import { nonceFloor } from "./nonce-floor.ts";
import type { LaneKey } from "./sign-batch.ts";
import { byNonce, type Work } from "./work.ts";

export interface LaneNoncesOptions {
  readonly key: LaneKey;
  readonly token: LaneToken;
  readonly ledger: Ledger;
  readonly chain: ChainReads;
}

/** The chain does not have the lane's access key. */
export class KeyMissingError extends Error {
  override readonly name = "KeyMissingError";
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

  /**
   * The lowest nonce that the chain would take; the chain is asked at first, and after each doubt. Throws KeyMissingError
   * when it does not have the key.
   */
  async floor(): Promise<bigint> {
    if (!this.#asks) return this.#floor;
    // Taken back first: what is doubted while the chain answers is asked for again.
    this.#asks = false;
    try {
      return await this.#retry.run("nonce", () => this.#ask());
    } catch (error) {
      this.#asks = true;
      throw error;
    }
  }

  /** Asks the chain now, once. Throws ChainError. */
  async look(): Promise<bigint> {
    const { chain, key } = this.#options;
    const floor = await nonceFloor(chain, key, this.#signal);
    if (floor > this.#floor) this.#floor = floor;
    return this.#floor;
  }

  async #ask(): Promise<bigint> {
    const { chain, key } = this.#options;
    try {
      return await this.look();
    } catch (error) {
      if (!(error instanceof ChainError) || error.kind !== "unknown-access-key") throw error;
      if (!(await isKeyMissing(chain, key, this.#signal))) throw error;
      throw new KeyMissingError(`${key.accountId} has no key ${key.publicKey}`, { cause: error });
    }
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
