import type { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import type { LockClient } from "./relay/support/lock-relay.ts";

/** A relay that serves locks, whatever it runs on. It has the tenants of `lock-relay.ts`. */
export interface LockSubject {
  readonly address: string;
  readonly client: LockClient;
  /** The same relay as others see it, who call with these headers. */
  seenWith(headers: Readonly<Record<string, string>>): LockClient;
  /** The same relay as somebody at this address sees it. */
  from(address: string): LockClient;
  /** Of its first key, of suite 1; empty without a key. */
  readonly keyId: string;
  /** Makes a key of the suite, in the place of another or as the first; answers its id. */
  rotate(suite?: LockSuite, replacedKeyId?: string): Promise<string>;
  retire(keyId: string): Promise<unknown>;
}

export interface LockSubjectOptions {
  /** What is not as it should be. */
  readonly fault?: "no-key" | "tenant-disabled" | "paused" | "keys-away";
  /** Rates that are not unbounded. */
  readonly rates?: Readonly<Record<string, object>>;
}

/** Starts a relay, until the test ends. */
export type StartLock = (options?: LockSubjectOptions) => Promise<LockSubject>;
