import { randomBytes } from "node:crypto";
import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import type { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { suiteParameters } from "@countersign/crypto/lock/lock-suite.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import type {
  LockAnswer,
  LockCallBounds,
  LockKeys,
  PublicLockKey,
} from "@countersign/server/lock/lock-keys.ts";
import { DomainError } from "@countersign/service-kit";
import type { LockKeyRecord } from "./lock-key-records.ts";
import type { LockKeyVault } from "./lock-key-vault.ts";

/** How long a key goes on here that was retired, in milliseconds. */
const MAX_AGE_MS = 1_000;

/** A lock key that has not been retired; without a lock when it does not open. */
interface HeldLockKey extends LockKeyRecord {
  readonly lock: LockKey | undefined;
}

export interface SealedLockKeysOptions {
  readonly vault: LockKeyVault;
  /** Monotonic clock in milliseconds. */
  readonly elapsed: () => number;
}

/**
 * The lock keys of the deployment's Durable Object, put to use here: there may be as many of these as the platform likes.
 * What locks, and a key that is not known, is asked for each time; a lock is taken off with what was read within a second.
 */
export class SealedLockKeys implements LockKeys {
  readonly #options: SealedLockKeysOptions;
  #held: readonly HeldLockKey[] = [];
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: SealedLockKeysOptions) {
    this.#options = options;
  }

  async list(bounds: LockCallBounds): Promise<readonly PublicLockKey[]> {
    const held = await this.#within(bounds, this.#isOld());
    if (held.length === 0) throw disabled("there is no lock key");
    const rank = ({ state, createdAt }: HeldLockKey) =>
      state === "CURRENT" ? -Infinity : -createdAt.getTime();
    return [...held].sort((a, b) => a.suite - b.suite || rank(a) - rank(b)).map(publicHalf);
  }

  async apply(suite: LockSuite, element: Uint8Array, bounds: LockCallBounds): Promise<LockAnswer> {
    const held = await this.#within(bounds, true);
    const key = held.find((one) => one.suite === suiteParameters(suite)?.number && one.state === "CURRENT");
    if (key === undefined) throw disabled("there is no lock key of this suite");
    return { key: publicHalf(key), ...used(key, (lock) => lock.apply(element, randomBytes)) };
  }

  async remove(keyId: string, element: Uint8Array, bounds: LockCallBounds): Promise<LockAnswer> {
    const known = this.#held.some((one) => one.keyId === keyId);
    const held = await this.#within(bounds, this.#isOld() || !known);
    const key = held.find((one) => one.keyId === keyId);
    if (key !== undefined)
      return { key: publicHalf(key), ...used(key, (lock) => lock.remove(element, randomBytes)) };
    if (held.length === 0) throw disabled("there is no lock key");
    throw new DomainError(ErrorReason.LOCK_KEY_UNKNOWN, "there is no such lock key, or no more");
  }

  #isOld(): boolean {
    return this.#options.elapsed() - this.#readAt > MAX_AGE_MS;
  }

  /** What is held, read anew if `again`. Not shared with other calls: a platform drops calls, and whoever waits for them. */
  async #within({ timeoutMs, signal }: LockCallBounds, again: boolean): Promise<readonly HeldLockKey[]> {
    if (!again) return this.#held;
    const late = AbortSignal.timeout(timeoutMs);
    const ending = signal === undefined ? late : AbortSignal.any([signal, late]);
    const ended = Promise.withResolvers<never>();
    ending.addEventListener("abort", () => ended.reject(ending.reason), { once: true });
    try {
      return await Promise.race([this.#read(), ended.promise]);
    } catch (cause) {
      throw new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "the lock keys cannot be had now", { cause });
    }
  }

  async #read(): Promise<readonly HeldLockKey[]> {
    const readAt = this.#options.elapsed();
    const { vault } = this.#options;
    const records = await vault.list();
    const held = await Promise.all(
      records
        .filter(({ state }) => state !== "RETIRED")
        .map(async (record): Promise<HeldLockKey> => {
          const known = this.#held.find(({ keyId }) => keyId === record.keyId)?.lock;
          return { ...record, lock: known ?? (await vault.open(record)) };
        }),
    );
    // Of reads at the same time, what was asked for last is what is known.
    if (readAt < this.#readAt) return held;
    this.#readAt = readAt;
    this.#held = held;
    return held;
  }
}

/** Throws LOCK_ELEMENT_INVALID, and SIGNER_UNAVAILABLE for a key that does not open. */
function used<T>({ lock }: HeldLockKey, use: (lock: LockKey) => T): T {
  if (lock === undefined) {
    throw new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "the lock key cannot be used now");
  }
  try {
    return use(lock);
  } catch (error) {
    if (!(error instanceof LockError) || error.fault !== "INVALID_ELEMENT") throw error;
    throw new DomainError(ErrorReason.LOCK_ELEMENT_INVALID, error.message, { cause: error });
  }
}

/** The contract's numbers are the suites' bytes. */
function publicHalf({ keyId, suite, commitment, state }: HeldLockKey): PublicLockKey {
  return { keyId, suite, commitment, current: state === "CURRENT" };
}

function disabled(message: string): DomainError {
  return new DomainError(ErrorReason.LOCK_DISABLED, message);
}
