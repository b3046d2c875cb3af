import type { Random } from "../encodings.ts";
import { proveEqualLogs } from "./dleq.ts";
import { lockKeyId } from "./key-id.ts";
import type { LockAnswer } from "./lock-answer.ts";
import type { LockSuite } from "./lock-suite.ts";

/** A relay's lock s. It shows its name and its commitment; s itself is in no property that could be printed. */
export class LockKey {
  readonly suite: LockSuite;
  /** base64url, 22 characters. */
  readonly id: string;
  /** S = s·B, which clients check answers against. */
  readonly commitment: Uint8Array;
  readonly #lock: Uint8Array;

  /**
   * Copies the lock, a scalar of `randomScalar`. Throws LockError when it is none. Who knows the commitment, of the same
   * lock, saves a multiplication.
   */
  constructor(suite: LockSuite, lock: Uint8Array, commitment?: Uint8Array) {
    suite.assertScalar(lock);
    this.suite = suite;
    this.#lock = Uint8Array.from(lock);
    this.commitment = commitment ?? suite.multiplyBase(lock);
    this.id = lockKeyId(suite.number, this.commitment);
  }

  /** Puts the lock on: s·X. Takes `wideSize` random bytes. Throws LockError for a bad element, and when wiped. */
  apply(element: Uint8Array, random: Random): LockAnswer {
    this.#assertUsable(element);
    const locked = this.suite.multiply(this.#lock, element);
    return { element: locked, proof: this.#prove(element, locked, random) };
  }

  /** Takes the lock off: X' with s·X' = Y'. Takes `wideSize` random bytes. Throws LockError as `apply` does. */
  remove(element: Uint8Array, random: Random): LockAnswer {
    this.#assertUsable(element);
    const inverse = this.suite.invert(this.#lock);
    const unlocked = this.suite.multiply(inverse, element);
    inverse.fill(0);
    return { element: unlocked, proof: this.#prove(unlocked, element, random) };
  }

  /** Overwrites the lock. The key can do nothing afterwards. */
  wipe(): void {
    this.#lock.fill(0);
  }

  #assertUsable(element: Uint8Array): void {
    // A wiped lock is zero, which is refused.
    this.suite.assertScalar(this.#lock);
    this.suite.assertElement(element);
  }

  #prove(x: Uint8Array, y: Uint8Array, random: Random): Uint8Array {
    return proveEqualLogs(this.suite, this.#lock, { commitment: this.commitment, x, y }, random);
  }
}
