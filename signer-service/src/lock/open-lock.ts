import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { SignerConfig } from "../config.ts";
import type { SignerEvents } from "../observability/events.ts";
import { Seals } from "../threshold/sealing.ts";
import { secretBytesOf } from "../threshold/secret-bytes.ts";
import { LockKeyOperations } from "./lock-key-operations.ts";
import type { LockKeyRecords } from "./lock-key-records.ts";
import { LockKeys } from "./lock-keys.ts";
import type { LockParts } from "./lock-parts.ts";
import type { LockConfig } from "./lock-schema.ts";
import { LockThreads } from "./lock-threads/lock-threads.ts";

export interface LockOptions {
  readonly records: LockKeyRecords;
  readonly events: Pick<SignerEvents, "lockKeyChanged" | "lockKeyUnreadable">;
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
  let current = sealsOf(section);
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
      const nextSeals = sealsOf(next.lock);
      return () => {
        current = nextSeals;
        keys.forget();
      };
    },
    async close() {
      await work.close();
      keys.forget();
    },
  };
}

function sealsOf(section: LockConfig | undefined): Seals | undefined {
  if (section === undefined) return undefined;
  return new Seals(section.sealingKeys.map((key) => secretBytesOf(key.reveal()) ?? new Uint8Array()));
}
