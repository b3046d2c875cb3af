import { randomBytes } from "node:crypto";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type {
  LockKeyChange,
  LockKeyRecord,
  LockKeyRecords,
  ReplacedLockKey,
  SuiteNumber,
} from "./lock-key-records.ts";
import { lockSuite } from "./lock-suites.ts";
import type { SealedPlace, Seals } from "./seals.ts";

export interface LockKeyVaultOptions {
  /** Asked for anew with each call. */
  readonly records: () => LockKeyRecords;
  readonly seals: Seals;
  /** The key does not open: it was changed, or its sealing key is not configured. */
  readonly onUnreadable: (keyId: string) => void;
  /** An operator made or retired a key, or it was sealed anew with the first sealing key. */
  readonly onChanged: (change: {
    keyId: string;
    change: "made" | "retired" | "sealed anew";
    actor: string;
  }) => void;
}

/** The stored lock keys, with what it takes to make them, open them and let them go. */
export class LockKeyVault {
  readonly #options: LockKeyVaultOptions;

  constructor(options: LockKeyVaultOptions) {
    this.#options = options;
  }

  /** All of them, the newest first. */
  list(): Promise<LockKeyRecord[]> {
    return this.#options.records().list();
  }

  /**
   * A key that is not retired, ready for use. Undefined for one that does not open, or is not the key that the record
   * names. What an earlier sealing key has sealed is sealed with the first one afterwards.
   */
  async open(record: LockKeyRecord): Promise<LockKey | undefined> {
    const exponent = await this.#exponentOf(record);
    if (exponent === undefined) return undefined;
    const lock = new LockKey(lockSuite(record.suite), exponent);
    exponent.fill(0);
    if (lock.id === record.keyId && Buffer.compare(lock.commitment, record.commitment) === 0) return lock;
    lock.wipe();
    this.#options.onUnreadable(record.keyId);
    return undefined;
  }

  /**
   * A new key in the place of the suite's current one, which `replaced` names ("" for none). The same replacement again
   * gives the same key. Throws LOCK_KEY_STATE_CONFLICT when it names another, SIGNER_STORE_UNAVAILABLE when the one that
   * is to be replaced does not open.
   */
  async rotate(suite: SuiteNumber, replaced: string, actor: string): Promise<LockKeyRecord> {
    const { seals, records, onChanged } = this.#options;
    const exponent = randomScalar(lockSuite(suite), randomBytes);
    const lock = new LockKey(lockSuite(suite), exponent);
    lock.wipe();
    const { id: keyId, commitment } = lock;
    const sealed = await seals.seal({ suite, keyId, state: "CURRENT" }, exponent);
    exponent.fill(0);
    const graced = replaced === "" ? null : await this.#graced(suite, replaced);
    const change = await records().rotate({ keyId, suite, commitment, sealed }, graced);
    const key = changed(change);
    if (change.outcome === "changed") onChanged({ keyId: key.keyId, change: "made", actor });
    return key;
  }

  /** Throws LOCK_KEY_UNKNOWN, and LOCK_KEY_STATE_CONFLICT for a current key. */
  async retire(keyId: string, actor: string): Promise<LockKeyRecord> {
    const change = await this.#options.records().retire(keyId);
    const key = changed(change);
    if (change.outcome === "changed") this.#options.onChanged({ keyId, change: "retired", actor });
    return key;
  }

  /** The key with its exponent sealed for grace. One that is not current any more needs none: its place is taken. */
  async #graced(suite: SuiteNumber, keyId: string): Promise<ReplacedLockKey> {
    const record = (await this.list()).find((one) => one.keyId === keyId && one.suite === suite);
    if (record?.state !== "CURRENT") return { keyId, sealed: new Uint8Array() };
    const exponent = await this.#exponentOf(record);
    if (exponent === undefined) {
      throw new DomainError(
        ErrorReason.SIGNER_STORE_UNAVAILABLE,
        "the current lock key does not open with this deployment's sealing keys",
      );
    }
    const sealed = await this.#options.seals.seal({ suite, keyId, state: "GRACE" }, exponent);
    exponent.fill(0);
    return { keyId, sealed };
  }

  /** Secret: who asks for it wipes it. */
  async #exponentOf(record: LockKeyRecord): Promise<Uint8Array | undefined> {
    const { seals, records, onUnreadable, onChanged } = this.#options;
    const { keyId, sealed } = record;
    const place = placeOf(record);
    if (place === undefined || sealed === null) return undefined;
    const opened = await seals.open(place, sealed);
    if (opened === undefined) {
      onUnreadable(keyId);
      return undefined;
    }
    if (opened.isOld) {
      const changed = await records().reseal(keyId, sealed, await seals.seal(place, opened.exponent));
      if (changed) onChanged({ keyId, change: "sealed anew", actor: "" });
    }
    return opened.exponent;
  }
}

function placeOf({ suite, keyId, state }: LockKeyRecord): SealedPlace | undefined {
  return state === "RETIRED" ? undefined : { suite, keyId, state };
}

function changed(change: LockKeyChange): LockKeyRecord {
  switch (change.outcome) {
    case "changed":
    case "repeated":
      return change.key;
    case "unknown":
      throw new DomainError(ErrorReason.LOCK_KEY_UNKNOWN, "there is no such lock key");
    case "conflict":
      throw new DomainError(ErrorReason.LOCK_KEY_STATE_CONFLICT, change.message);
  }
}
