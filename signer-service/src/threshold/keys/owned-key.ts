import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn, usersOf } from "../caller.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord } from "../threshold-store.ts";

type Parts = Pick<ThresholdParts, "store" | "config">;

/** A key of the caller. Throws THRESHOLD_DISABLED, and THRESHOLD_KEY_NOT_FOUND for everybody else's too. */
export async function ownedKey(
  { store, config }: Parts,
  caller: Caller,
  keyId: string,
): Promise<ThresholdKeyRecord> {
  servedTenant(config(), caller.tenant);
  const record = await store.key(keyId);
  if (record === undefined || !isOwn(caller, record)) throw keyNotFound();
  return record;
}

/** THRESHOLD_KEY_NOT_FOUND. */
export function keyNotFound(): DomainError {
  return new DomainError(ErrorReason.THRESHOLD_KEY_NOT_FOUND, "the user has no threshold key of this id");
}

/** The caller's keys, oldest first. Throws THRESHOLD_DISABLED. */
export async function ownedKeys(
  { store, config }: Parts,
  caller: Caller,
): Promise<readonly ThresholdKeyRecord[]> {
  servedTenant(config(), caller.tenant);
  return store.keysOf(caller.tenant, usersOf(caller));
}
