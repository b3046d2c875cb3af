import type { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";

/** The public half of a lock key. */
export interface PublicLockKey {
  readonly keyId: string;
  readonly suite: LockSuite;
  readonly commitment: Uint8Array;
  /** Whether it locks; the others only take their locks off. */
  readonly current: boolean;
}

/** An element with a lock put on or taken off, and the proof that it was this key's. */
export interface LockAnswer {
  readonly key: PublicLockKey;
  readonly element: Uint8Array;
  readonly proof: Uint8Array;
}

/** How long a call is waited for: until its caller is gone, and no longer than `timeoutMs` milliseconds. */
export interface LockCallBounds {
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
}

/** Where the lock keys are. All that it does can be done again; every call may throw LOCK_DISABLED, SIGNER_UNAVAILABLE. */
export interface LockKeys {
  /** Of each suite the current one first. */
  list(bounds: LockCallBounds): Promise<readonly PublicLockKey[]>;
  /** Locks with the suite's current key. Throws LOCK_ELEMENT_INVALID. */
  apply(suite: LockSuite, element: Uint8Array, bounds: LockCallBounds): Promise<LockAnswer>;
  /** Takes the key's lock off. Throws LOCK_KEY_UNKNOWN, LOCK_ELEMENT_INVALID. */
  remove(keyId: string, element: Uint8Array, bounds: LockCallBounds): Promise<LockAnswer>;
}
