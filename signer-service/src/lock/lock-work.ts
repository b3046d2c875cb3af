import type { SuiteNumber } from "./lock-key-records.ts";

/** What is to be done to an element under a lock key. */
export interface LockJob {
  readonly operation: "apply" | "remove";
  readonly suite: SuiteNumber;
  /** The key's exponent: secret. */
  readonly exponent: Uint8Array;
  /** 1 / exponent: secret. */
  readonly inverse: Uint8Array;
  /** Its public half. */
  readonly commitment: Uint8Array;
  /** As a client sent it. */
  readonly element: Uint8Array;
}

/** The element afterwards, with the proof that the key's own exponent did it (docs/lock.md). */
export interface LockAnswer {
  readonly element: Uint8Array;
  readonly proof: Uint8Array;
}

/** Where lock keys are put to use. */
export interface LockWork {
  /** Throws LOCK_ELEMENT_INVALID for what is no element of the suite, and OVERLOADED when too many wait. */
  run(job: LockJob): Promise<LockAnswer>;
}
