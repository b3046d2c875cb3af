import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Seals } from "../sealing/seals.ts";
import type { LockKeyRecord, LockKeyRecords, SuiteNumber } from "./lock-key-records.ts";
import { lockSuite } from "./lock-suites.ts";
import { publicHalf } from "./new-lock-key.ts";

/** A lock key that can be used. */
export interface HeldLockKey extends LockKeyRecord {
  /** Secret. */
  readonly exponent: Uint8Array;
  /** 1 / exponent, which every unlock takes. Secret. */
  readonly inverse: Uint8Array;
}

export interface LockKeysOptions {
  readonly records: Pick<LockKeyRecords, "list">;
  /** Those in effect. Throws LOCK_DISABLED without any. */
  readonly seals: () => Seals;
  /** Monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  /** The key does not open: it was changed, or its sealing key is not configured. */
  readonly onUnreadable: (keyId: string) => void;
}

/** How long a key goes on here that another signer has retired, in milliseconds. */
const MAX_AGE_MS = 1_000;

/**
 * The lock keys of a store, as several signers share it. What locks, and a key that is not known, is asked of the store
 * each time; a lock is taken off with what was read within a second.
 */
export class LockKeys {
  readonly #options: LockKeysOptions;
  #held: ReadonlyMap<string, HeldLockKey> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: LockKeysOptions) {
    this.#options = options;
  }

  /** Of each suite the current key first. Throws LOCK_DISABLED when there is none. */
  async list(): Promise<HeldLockKey[]> {
    if (this.#isOld()) await this.#read();
    const keys = [...this.#held.values()];
    if (keys.length === 0) throw disabled("the signer has no lock key");
    return keys.sort((a, b) => a.suite - b.suite || rank(a) - rank(b));
  }

  /** The key that locks. Throws LOCK_DISABLED when the suite has none. */
  async current(suite: SuiteNumber): Promise<HeldLockKey> {
    await this.#read();
    const key = [...this.#held.values()].find((one) => one.suite === suite && one.state === "CURRENT");
    if (key === undefined) throw disabled("the signer has no lock key of this suite");
    return key;
  }

  /** A key that takes locks off. Throws LOCK_KEY_UNKNOWN, and LOCK_DISABLED while there are no keys at all. */
  async key(keyId: string): Promise<HeldLockKey> {
    if (this.#isOld() || !this.#held.has(keyId)) await this.#read();
    const key = this.#held.get(keyId);
    if (key !== undefined) return key;
    if (this.#held.size === 0) throw disabled("the signer has no lock key");
    throw new DomainError(ErrorReason.LOCK_KEY_UNKNOWN, "there is no such lock key, or no more");
  }

  /** Reads the store again when a key is asked for next, with the seals of then. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
    this.#hold(new Map());
  }

  #isOld(): boolean {
    return this.#options.elapsed() - this.#readAt > MAX_AGE_MS;
  }

  /** Resolves with what the store had at the time of the call or later. Calls that come meanwhile share the next read. */
  #read(): Promise<void> {
    this.#next ??= (this.#reading ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#reading = this.#readNow();
        return this.#reading;
      });
    return this.#next;
  }

  async #readNow(): Promise<void> {
    const { records, seals, elapsed, onUnreadable } = this.#options;
    const opening = seals();
    const readAt = elapsed();
    const held = new Map<string, HeldLockKey>();
    for (const record of await records.list()) {
      if (record.sealed === null) continue;
      const known = this.#held.get(record.keyId);
      const secrets = known ?? openedSecrets(opening, record, record.sealed);
      if (secrets === undefined) onUnreadable(record.keyId);
      else held.set(record.keyId, { ...record, exponent: secrets.exponent, inverse: secrets.inverse });
    }
    this.#readAt = readAt;
    this.#hold(held);
  }

  /** Wipes what is held no more. */
  #hold(held: ReadonlyMap<string, HeldLockKey>): void {
    for (const [keyId, { exponent, inverse }] of this.#held) {
      if (held.has(keyId)) continue;
      exponent.fill(0);
      inverse.fill(0);
    }
    this.#held = held;
  }
}

/** Where a lock key's exponent is sealed for. */
export function lockKeyPlace({ suite, keyId }: Pick<LockKeyRecord, "suite" | "keyId">) {
  return { purpose: "lock-key", sessionId: `suite ${suite}`, stage: "open", keyId } as const;
}

/** Undefined for what does not open, or is not the key that the record names. */
function openedSecrets(
  seals: Seals,
  record: LockKeyRecord,
  sealed: Uint8Array,
): Pick<HeldLockKey, "exponent" | "inverse"> | undefined {
  const exponent = seals.open(lockKeyPlace(record), sealed);
  if (exponent === undefined) return undefined;
  const { keyId, commitment } = publicHalf(record.suite, exponent);
  if (keyId !== record.keyId || Buffer.compare(commitment, record.commitment) !== 0) return undefined;
  return { exponent, inverse: lockSuite(record.suite).invert(exponent) };
}

function rank({ state, createdAt }: LockKeyRecord): number {
  return state === "CURRENT" ? Number.NEGATIVE_INFINITY : -createdAt.getTime();
}

function disabled(message: string): DomainError {
  return new DomainError(ErrorReason.LOCK_DISABLED, message);
}
