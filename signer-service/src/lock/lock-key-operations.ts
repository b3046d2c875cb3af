import type { SignerEvents } from "../observability/events.ts";
import type { Seals } from "../sealing/seals.ts";
import type { LockKeyRecord, LockKeyRecords, SuiteNumber } from "./lock-key-records.ts";
import { lockKeyPlace } from "./lock-keys.ts";
import { newLockKey } from "./new-lock-key.ts";

export interface LockKeyOperationsOptions {
  readonly records: LockKeyRecords;
  /** Those in effect. Throws LOCK_DISABLED without any. */
  readonly seals: () => Seals;
  readonly random: (bytes: number) => Uint8Array;
  readonly events: Pick<SignerEvents, "lockKeyChanged">;
}

/**
 * What operators do with lock keys. Each step is in the store and in its audit when it is answered; each may throw
 * LOCK_DISABLED and SIGNER_STORE_UNAVAILABLE.
 */
export class LockKeyOperations {
  readonly #options: LockKeyOperationsOptions;

  constructor(options: LockKeyOperationsOptions) {
    this.#options = options;
  }

  /** All of them, the newest first. */
  async list(): Promise<LockKeyRecord[]> {
    this.#options.seals();
    return this.#options.records.list();
  }

  /**
   * A new key in the place of the suite's current one, which `replaced` names ("" for none). Throws
   * LOCK_KEY_STATE_CONFLICT when it names another.
   */
  async rotate(suite: SuiteNumber, replaced: string, actor: string): Promise<LockKeyRecord> {
    const { records, seals, random, events } = this.#options;
    const { exponent, ...key } = newLockKey(suite, random);
    const sealed = seals().seal(lockKeyPlace(key), exponent);
    exponent.fill(0);
    const current = await records.rotate({ ...key, sealed }, replaced, actor);
    if (current.keyId === key.keyId) events.lockKeyChanged({ keyId: key.keyId, change: "made", actor });
    return current;
  }

  /** Throws LOCK_KEY_UNKNOWN, and LOCK_KEY_STATE_CONFLICT for a current key. */
  async retire(keyId: string, actor: string): Promise<LockKeyRecord> {
    const { records, seals, events } = this.#options;
    seals();
    const retired = await records.retire(keyId, actor);
    events.lockKeyChanged({ keyId, change: "retired", actor });
    return retired;
  }
}
