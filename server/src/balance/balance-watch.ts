import { setTimeout as delay } from "node:timers/promises";
import { ChainError } from "../near/chain-error.ts";
import type { AccountView, Finality, ViewOptions } from "../near/views.ts";
import { type BalanceThresholds, type FundingState, nextFundingState } from "./balance-breaker.ts";

/** yoctoNEAR that a byte of storage holds back (nearcore, runtime config: storage_amount_per_byte). */
const YOCTO_PER_BYTE = 10n ** 19n;

/** Where balances come from. Throws ChainError. */
export interface BalanceViews {
  account(accountId: string, finality: Finality, options?: ViewOptions): Promise<AccountView>;
}

export interface BalanceWatchOptions {
  /** Accounts that pay. */
  readonly accountIds: readonly string[];
  readonly views: BalanceViews;
  readonly thresholds: BalanceThresholds;
  /** Pause between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** Told of each change, with the balance in yoctoNEAR that made it. */
  readonly onChange: (from: FundingState, to: FundingState, balance: bigint) => void;
  /** Told of an account that the chain gave no answer for. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * The breaker on the relayers' balance. The lowest of the accounts decides, because a submission may need any of
 * them. What the chain does not tell stays as it was last told; before it told anything, the state is OPEN.
 */
export class BalanceWatch {
  readonly #options: BalanceWatchOptions;
  readonly #balances = new Map<string, bigint>();
  #state: FundingState = "OPEN";

  constructor(options: BalanceWatchOptions) {
    this.#options = options;
  }

  get state(): FundingState {
    return this.#state;
  }

  /** What each account could spend when it was last seen, in yoctoNEAR; none that was never seen. */
  balances(): ReadonlyMap<string, bigint> {
    return this.#balances;
  }

  /** Looks again and again until `signal` aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      await delay(this.#options.intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Looks once at every account; never throws. */
  async look(signal: AbortSignal): Promise<void> {
    const { accountIds, thresholds, onChange, onFailed } = this.#options;
    await Promise.all(
      accountIds.map(async (accountId) => {
        try {
          this.#balances.set(accountId, await this.#spendable(accountId, signal));
        } catch (error) {
          if (!signal.aborted) onFailed(error);
        }
      }),
    );
    let lowest: bigint | undefined;
    for (const balance of this.#balances.values()) {
      if (lowest === undefined || balance < lowest) lowest = balance;
    }
    if (lowest === undefined || signal.aborted) return;
    const from = this.#state;
    this.#state = nextFundingState(from, lowest, thresholds);
    if (this.#state !== from) onChange(from, this.#state, lowest);
  }

  /** yoctoNEAR beyond what storage holds back, towards which a stake counts (nearcore, check_storage_stake). */
  async #spendable(accountId: string, signal: AbortSignal): Promise<bigint> {
    try {
      const { amount, locked, storageUsage } = await this.#options.views.account(accountId, "optimistic", {
        signal,
      });
      const held = storageUsage * YOCTO_PER_BYTE - locked;
      if (held <= 0n) return amount;
      return amount > held ? amount - held : 0n;
    } catch (error) {
      if (error instanceof ChainError && error.kind === "unknown-account") return 0n;
      throw error;
    }
  }
}
