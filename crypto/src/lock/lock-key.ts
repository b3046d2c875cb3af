import type { Random } from "../encodings.ts";
import { proveEqualLogs } from "./dleq.ts";
import { lockKeyId } from "./key-id.ts";
import type { LockAnswer } from "./lock-answer.ts";
import type { LockSuite } from "./lock-suite.ts";

/** What is known of a lock s beforehand. */
export interface KnownOfLock {
  /** S = s·B. */
  readonly commitment: Uint8Array;
  /** 1/s. Secret. */
  readonly inverse: Uint8Array;
}

/** A relay's lock s. It shows its commitment; s itself is in no property that could be printed. */
export class LockKey {
  readonly suite: LockSuite;
  /** S = s·B, which clients check answers against. */
  readonly commitment: Uint8Array;
  readonly #lock: Uint8Array;
  readonly #inverse: Uint8Array;

  /**
   * Copies the lock, a scalar of `randomScalar`. Throws LockError when it is none. Who knows the parts, of the same lock,
   * saves a multiplication and an inversion.
   */
  constructor(suite: LockSuite, lock: Uint8Array, parts?: KnownOfLock) {
    suite.assertScalar(lock);
    this.suite = suite;
    this.#lock = Uint8Array.from(lock);
    this.#inverse = parts === undefined ? suite.invert(lock) : Uint8Array.from(parts.inverse);
    this.commitment = parts?.commitment ?? suite.multiplyBase(lock);
  }

  /** base64url, 22 characters. */
  get id(): string {
    return lockKeyId(this.suite.number, this.commitment);
  }

  /** Puts the lock on: s·X. Takes `wideSize` random bytes. Throws LockError for a bad element, and when wiped. */
  apply(element: Uint8Array, random: Random): LockAnswer {
    this.#assertUsable();
    const locked = this.suite.multiply(this.#lock, element);
    return { element: locked, proof: this.#prove(element, locked, random) };
  }

  /** Takes the lock off: X' with s·X' = Y'. Takes `wideSize` random bytes. Throws LockError as `apply` does. */
  remove(element: Uint8Array, random: Random): LockAnswer {
    this.#assertUsable();
    const unlocked = this.suite.multiply(this.#inverse, element);
    return { element: unlocked, proof: this.#prove(unlocked, element, random) };
  }

  /** Overwrites the lock. The key can do nothing afterwards. */
  wipe(): void {
    this.#lock.fill(0);
    this.#inverse.fill(0);
  }

  #assertUsable(): void {
    // A wiped lock is zero, which is refused.
    this.suite.assertScalar(this.#lock);
  }

  #prove(x: Uint8Array, y: Uint8Array, random: Random): Uint8Array {
    return proveEqualLogs(this.suite, this.#lock, { commitment: this.commitment, x, y }, random);
  }
}
