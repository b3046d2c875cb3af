import type { KeyWatch } from "./key-watch.ts";
import type { LaneHealth } from "./lane-health.ts";
import type { KeyUse } from "./lane-keys.ts";
import type { LaneRetry } from "./lane-retry.ts";
import type { LaneState } from "./lane-state.ts";
import type { LowBalances } from "./low-balances.ts";
import type { Holds } from "./unsigned-work.ts";

export interface LaneConditionParts {
  readonly accountId: string;
  /** Most transactions that may ever be under way. */
  readonly most: number;
  readonly health: LaneHealth;
  readonly retry: LaneRetry;
  readonly keyWatch: KeyWatch;
  readonly lowBalances: LowBalances;
  readonly holds: () => Holds;
  /** What the signer does with the key, as it says. */
  readonly keyUse: () => KeyUse;
  /** Whether it signed nothing with the key when it was asked last. */
  readonly keyWaits: () => boolean;
}

/** Whether a lane may sign something new, how much, and if not, why. */
export class LaneCondition {
  readonly #parts: LaneConditionParts;

  constructor(parts: LaneConditionParts) {
    this.#parts = parts;
  }

  get state(): LaneState {
    const { health, retry, keyWatch, holds, keyUse, keyWaits } = this.#parts;
    const { failing } = retry;
    if (keyWatch.isMissing) return "key-missing";
    if (keyUse() === "over") return "drained";
    if (health.mode === "quarantined") return "quarantined";
    if (this.#balance === "low") return "low-balance";
    if (holds().lane) return "paused";
    if (keyUse() === "waits" || keyWaits()) return "waiting-signer";
    if (failing.has("ledger")) return "waiting-ledger";
    if (failing.has("head") || failing.has("nonce")) return "waiting-chain";
    return health.mode === "probing" || this.#balance === "probing" ? "probing" : "active";
  }

  /** Whether it can take more work now: what is given to one that waits would wait with it. */
  get takesWork(): boolean {
    const { state } = this;
    return state === "active" || state === "probing";
  }

  /** Whether other lanes should have what it has not signed. */
  get leavesWork(): boolean {
    const { state } = this;
    return (
      this.#parts.keyUse() !== "signs" ||
      state === "key-missing" ||
      state === "quarantined" ||
      state === "low-balance"
    );
  }

  /** Most transactions that may be under way. What waits for the signer alone is tried again. */
  get window(): number {
    return this.#bounded(this.#parts.health.window);
  }

  /** The same, for what was under way before: as many as ever may be, where the lane is well. */
  get mostWindow(): number {
    const { health, most } = this.#parts;
    return this.#bounded(health.mode === "well" ? most : health.window);
  }

  #bounded(window: number): number {
    const { keyWatch, holds, keyUse } = this.#parts;
    if (keyUse() !== "signs" || holds().lane || keyWatch.isMissing || this.#balance === "low") return 0;
    return this.#balance === "probing" ? Math.min(1, window) : window;
  }

  get #balance(): "fine" | "low" | "probing" {
    return this.#parts.lowBalances.stateOf(this.#parts.accountId);
  }
}
