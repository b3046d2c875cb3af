import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { SignerConfig } from "../config.ts";
import type { SignerEvents } from "../observability/events.ts";
import { sealsWith } from "../sealing/sealing-keys.ts";
import type { Seals } from "../sealing/seals.ts";
import { LockKeyOperations } from "./lock-key-operations.ts";
import type { LockKeyRecords } from "./lock-key-records.ts";
import { LockKeys } from "./lock-keys.ts";
import type { LockParts } from "./lock-parts.ts";
import type { LockConfig } from "./lock-schema.ts";
import { ristretto255Arithmetic } from "./lock-suites.ts";
import { LockThreads } from "./lock-threads/lock-threads.ts";

export interface LockOptions {
  readonly records: LockKeyRecords;
  readonly events: Pick<SignerEvents, "lockServed" | "lockKeyChanged" | "lockKeyUnreadable">;
  /** Monotonic clock in milliseconds. */
  readonly elapsed: () => number;
  readonly random: (bytes: number) => Uint8Array;
}

/** The lock: what relays are served with, and what operators do with its keys. */
export interface Lock extends LockParts {
  readonly operations: LockKeyOperations;
  /** A FollowsConfig. */
  follow(next: SignerConfig): () => void;
  /** Ends its threads and wipes the keys. */
  close(): Promise<void>;
}

/** Opens it for a configuration with or without the section; without one, everything throws LOCK_DISABLED. */
export function openLock(
  { records, events, elapsed, random }: LockOptions,
  section: LockConfig | undefined,
): Lock {
  let current: Seals | undefined;
  const serve = (next: LockConfig | undefined) => {
    const seals = next && sealsWith(next.sealingKeys);
    return () => {
      if (current === undefined && seals !== undefined) events.lockServed(ristretto255Arithmetic);
      current = seals;
    };
  };
  serve(section)();
  const seals = () => {
    if (current !== undefined) return current;
    throw new DomainError(ErrorReason.LOCK_DISABLED, "the signer serves no lock");
  };
  const keys = new LockKeys({ records, seals, elapsed, onUnreadable: events.lockKeyUnreadable });
  const work = new LockThreads(random);
  return {
    keys,
    work,
    operations: new LockKeyOperations({ records, seals, random, events }),
    follow(next) {
      const takeOver = serve(next.lock);
      return () => {
        takeOver();
        keys.forget();
      };
    },
    async close() {
      await work.close();
      keys.forget();
    },
  };
}
