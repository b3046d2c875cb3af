import type { SuiteParameters } from "@countersign/crypto/lock/lock-suite.ts";

/** A suite's byte. */
export type SuiteNumber = SuiteParameters["number"];

/** What becomes of a lock key, in this order. */
export type LockKeyState = "CURRENT" | "GRACE" | "RETIRED";

/** A lock key that was made just now. */
export interface NewLockKey {
  readonly keyId: string;
  readonly suite: SuiteNumber;
  /** An encoded element. */
  readonly commitment: Uint8Array;
  /** The exponent, sealed for the key's place. */
  readonly sealed: Uint8Array;
}

/** A lock key as the store has it. */
export interface LockKeyRecord extends Omit<NewLockKey, "sealed"> {
  readonly state: LockKeyState;
  /** Null once it is retired. */
  readonly sealed: Uint8Array | null;
  readonly createdAt: Date;
  /** When another key took its place. */
  readonly graceAt: Date | null;
  readonly retiredAt: Date | null;
}

/**
 * Where lock keys are kept: durable when it answers, and in the audit in the same commit. Throws
 * SIGNER_STORE_UNAVAILABLE.
 */
export interface LockKeyRecords {
  /** All of them, the newest first. */
  list(): Promise<LockKeyRecord[]>;
  /**
   * Puts the key in the place of the suite's current one, which `replaced` names ("" for none). If another key has taken
   * that place and is current, it is answered and nothing changes. Throws LOCK_KEY_STATE_CONFLICT when `replaced` is
   * neither.
   */
  rotate(key: NewLockKey, replaced: string, actor: string): Promise<LockKeyRecord>;
  /** Destroys the exponent of a key in grace. Throws LOCK_KEY_UNKNOWN, and LOCK_KEY_STATE_CONFLICT for a current key. */
  retire(keyId: string, actor: string): Promise<LockKeyRecord>;
}
