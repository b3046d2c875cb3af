import type { Bucket, RateVerdict } from "@countersign/server/shared-state/rate-limiter.ts";
import type { LockKeyRecords } from "./lock/lock-key-records.ts";

/** Where Durable Objects of one class are found. A name is one object, wherever it is asked for. */
export interface Objects<Stub> {
  idFromName(name: string): unknown;
  get(id: unknown): Stub;
}

/** What wrangler's configuration gives to the Worker. Besides these, secrets by the names that RELAY refers to. */
export interface Bindings {
  /** The relay's configuration: a JSON object, or its text. */
  readonly RELAY: unknown;
  readonly LOCK_KEYS: Objects<LockKeyRecords>;
  readonly LIMITS: Objects<{ take(buckets: readonly Bucket[], tokens?: number): Promise<RateVerdict> }>;
  readonly SESSIONS: Objects<{ fetch(request: Request): Promise<Response> }>;
}

/** The object of its class that a deployment has one of. */
export function only<Stub>(objects: Objects<Stub>): Stub {
  return objects.get(objects.idFromName("only"));
}
