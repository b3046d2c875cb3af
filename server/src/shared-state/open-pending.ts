import { hash } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Pending, PendingKind } from "../session/ports.ts";
import { MemoryPendingStore } from "./memory-pending-store.ts";
import type { PendingStore } from "./pending-store.ts";
import type { RedisSettings } from "./redis-connection.ts";

/** Bytes of a value as JSON. */
const MAX_VALUE_BYTES = 8_192;
/** Redis is back within this time, or stays away. */
const RETRY_AFTER_MS = 1_000;

export interface PendingOptions {
  /** Without it, what is begun here can be finished in this process only. */
  readonly redis?: RedisSettings | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Redis gave no answer. The error holds no secret. */
  readonly onFailed: (error: unknown) => void;
}

/** A Pending and how to close it. */
export interface OpenPending extends Pending {
  close(): Promise<void>;
}

/** Opens what the configuration asks for. Redis need not be there yet. */
export async function openPending({ redis, now, onFailed }: PendingOptions): Promise<OpenPending> {
  if (redis === undefined) return pendingOver(new MemoryPendingStore(now), onFailed);
  const { RedisPendingStore } = await import("./redis-pending-store.ts");
  return pendingOver(new RedisPendingStore(redis), onFailed);
}

/** Values of at most 8 KiB as JSON; a larger one throws RangeError. Ids of any length. */
export function pendingOver(store: PendingStore, onFailed: PendingOptions["onFailed"]): OpenPending {
  async function asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      onFailed(error);
      throw new DomainError(ErrorReason.SHARED_STATE_UNAVAILABLE, "what is begun cannot be kept now", {
        cause: error,
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
  }
  return {
    async put(kind, id, value, ttlMs) {
      const text = JSON.stringify(value);
      const bytes = Buffer.byteLength(text);
      if (bytes > MAX_VALUE_BYTES) throw new RangeError(`a pending ${kind} has ${bytes} bytes`);
      await asked(store.put(keyOf(kind, id), text, ttlMs));
    },
    async take(kind, id) {
      const text = await asked(store.take(keyOf(kind, id)));
      return text === undefined ? undefined : JSON.parse(text);
    },
    close: () => store.close(),
  };
}

/** An id may come from a stranger, and a sign-in code is as good as a password: neither is stored as it is. */
function keyOf(kind: PendingKind, id: string): string {
  return `${kind}:${hash("sha256", id, "base64url")}`;
}
