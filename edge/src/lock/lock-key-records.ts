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
  /** The exponent, sealed for the key's place as a current key. */
  readonly sealed: Uint8Array;
}

/** A lock key as it is stored. */
export interface LockKeyRecord extends Omit<NewLockKey, "sealed"> {
  readonly state: LockKeyState;
  /** Null once it is retired. */
  readonly sealed: Uint8Array | null;
  readonly createdAt: Date;
  /** When another key took its place. */
  readonly graceAt: Date | null;
  readonly retiredAt: Date | null;
}

/** The current key that a new one replaces, with its exponent sealed for its place as a key in grace. */
export interface ReplacedLockKey {
  readonly keyId: string;
  /** Empty for a key that was not current when it was read. */
  readonly sealed: Uint8Array;
}

/** What became of a change: errors of a Durable Object lose what they are on their way. */
export type LockKeyChange =
  | { readonly outcome: "changed" | "repeated"; readonly key: LockKeyRecord }
  | { readonly outcome: "unknown" }
  | { readonly outcome: "conflict"; readonly message: string };

/** Where lock keys are kept: durable when it answers. It never sees an exponent that is not sealed. */
export interface LockKeyRecords {
  /** All of them, the newest first. */
  list(): Promise<LockKeyRecord[]>;
  /**
   * Puts the key in the place of the suite's current one, `replaced`, or makes it the first. "repeated", with the current
   * key, when that one has taken this place before.
   */
  rotate(key: NewLockKey, replaced: ReplacedLockKey | null): Promise<LockKeyChange>;
  /** Destroys the exponent of a key in grace; "repeated" for a key that is retired. */
  retire(keyId: string): Promise<LockKeyChange>;
  /** Puts the same exponent, sealed anew, in the place of what was read; false when something else stands there by now. */
  reseal(keyId: string, before: Uint8Array, sealed: Uint8Array): Promise<boolean>;
}
