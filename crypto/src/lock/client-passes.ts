// The client's half of Shamir's three passes. K is the key of an envelope, K^s is what the client keeps of it.
import { equalBytes } from "@noble/curves/utils.js";
import type { Random } from "../encodings.ts";
import { lockKeyId } from "./key-id.ts";
import { type LockAnswer, verifyApply, verifyRemove } from "./lock-answer.ts";
import { LockError } from "./lock-error.ts";
import { type LockSuite, randomScalar } from "./lock-suite.ts";

/** A pass that waits for the relay's answer. */
export interface Pass<Result> {
  /** What the relay is sent: an element that tells it nothing. */
  readonly request: Uint8Array;
  /**
   * Takes the relay's answer and the commitment S of its key, once: whatever comes of it, the pass's secrets are gone
   * afterwards. Throws LockError when the answer is not what the key's lock makes of the request.
   */
  finish(answer: LockAnswer, commitment: Uint8Array): Result;
}

/** What a registration gives. */
export interface Registered {
  /** Of the relay's key, by its commitment. */
  readonly keyId: string;
  /** K: the secret is sealed under it. Who has it wipes it. */
  readonly kek: Uint8Array;
  /** K^s, for the envelope. */
  readonly lockedKek: Uint8Array;
}

/** What an unlock needs of an envelope. */
export interface LockedKek {
  /** The suite's byte. */
  readonly suite: number;
  readonly keyId: string;
  readonly lockedKek: Uint8Array;
}

/** Makes a new K, to be locked by a relay. Takes `wideSize` random bytes for K, then as many for the one-time lock. */
export function beginRegistration(suite: LockSuite, random: Random): Pass<Registered> {
  const kek = newElement(suite, random);
  const pass = lockOnce(suite, kek, random);
  return {
    request: pass.request,
    finish(answer, commitment) {
      try {
        const lockedKek = pass.unlock(answer, () => verifyApply(suite, commitment, pass.request, answer));
        if (equalBytes(lockedKek, kek))
          throw new LockError("LOCK_NOT_APPLIED", "the relay's lock changes nothing");
        return { keyId: lockKeyId(suite.number, commitment), kek: Uint8Array.from(kek), lockedKek };
      } finally {
        kek.fill(0);
      }
    },
  };
}

/**
 * Has a relay take its lock off; K is what comes out, and who has it wipes it. Takes `wideSize` random bytes. Throws
 * LockError for an envelope of another suite, or whose K^s is no element.
 */
export function beginUnlock(suite: LockSuite, locked: LockedKek, random: Random): Pass<Uint8Array> {
  if (locked.suite !== suite.number)
    throw new LockError("INVALID_ENVELOPE", "an envelope is of another suite");
  suite.assertElement(locked.lockedKek);
  const pass = lockOnce(suite, locked.lockedKek, random);
  return {
    request: pass.request,
    finish(answer, commitment) {
      return pass.unlock(answer, () => {
        if (lockKeyId(suite.number, commitment) !== locked.keyId) {
          throw new LockError("WRONG_KEY", "the commitment is not that of the envelope's key");
        }
        return verifyRemove(suite, commitment, pass.request, answer);
      });
    },
  };
}

/** A random element: a random multiple of the base. */
function newElement(suite: LockSuite, random: Random): Uint8Array {
  const scalar = randomScalar(suite, random);
  try {
    return suite.multiplyBase(scalar);
  } finally {
    scalar.fill(0);
  }
}

/** A lock of the client's, for one pass. */
interface OneTimeLock {
  /** The element with the lock on. */
  readonly request: Uint8Array;
  /** Takes the lock off an answer whose proof holds, and forgets it, also where `verify` throws. */
  unlock(answer: LockAnswer, verify: () => boolean): Uint8Array;
}

function lockOnce(suite: LockSuite, element: Uint8Array, random: Random): OneTimeLock {
  const lock = randomScalar(suite, random);
  return {
    request: suite.multiply(lock, element),
    unlock({ element }, verify) {
      try {
        if (!verify()) throw new LockError("INVALID_PROOF", "the relay's proof does not hold");
        // The lock of a pass that is over is zero, which is refused.
        suite.assertScalar(lock);
        const inverse = suite.invert(lock);
        const unlocked = suite.multiply(inverse, element);
        inverse.fill(0);
        return unlocked;
      } finally {
        lock.fill(0);
      }
    },
  };
}
