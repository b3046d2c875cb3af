import { randomBytes } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { verifyRemove } from "@countersign/crypto/lock/lock-answer.ts";
import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import {
  RemoveServerLockRequestSchema,
  RemoveServerLockResponseSchema,
} from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import {
  RemoveLockRequestSchema,
  RemoveLockResponseSchema,
} from "@countersign/gen/countersign/signer/v1/lock_signer_pb.ts";
import type { SuiteNumber } from "@countersign/signer-service/lock/lock-key-records.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { type ServedLock, TENANT } from "./served-lock.ts";

/** Who is asked. */
export type Way = "signer" | "relay";

/** An element that the signer's key has locked. */
export interface Locked {
  readonly suite: SuiteNumber;
  readonly keyId: string;
  readonly commitment: Uint8Array;
  /** With the lock on. */
  readonly element: Uint8Array;
  /** What has to come out. */
  readonly unlocked: Uint8Array;
}

const NOTHING = new Uint8Array();

/** Has the signer lock a random element. */
export async function newLocked({ client }: ServedLock, suite: SuiteNumber): Promise<Locked> {
  const group = lockSuite(suite);
  const unlocked = group.multiplyBase(randomScalar(group, randomBytes));
  const { key, element } = await client.applyLock({ suite, element: unlocked });
  return { suite, keyId: key?.keyId ?? "", commitment: key?.commitment ?? NOTHING, element, unlocked };
}

/** A call's serialized message: of the relay's RemoveServerLock, or the signer's RemoveLock. */
export function requestOf(way: Way, { keyId, element }: Locked): Uint8Array {
  if (way === "signer")
    return toBinary(RemoveLockRequestSchema, create(RemoveLockRequestSchema, { keyId, element }));
  const request = create(RemoveServerLockRequestSchema, { tenant: TENANT, keyId, element });
  return toBinary(RemoveServerLockRequestSchema, request);
}

/** Throws unless the answer is the element without its lock, and its proof holds where it is looked at. */
export function assertUnlocked(way: Way, locked: Locked, answer: Uint8Array, proofToo: boolean): void {
  const schema = way === "signer" ? RemoveLockResponseSchema : RemoveServerLockResponseSchema;
  const { element, proof } = fromBinary(schema, answer);
  if (Buffer.compare(element, locked.unlocked) !== 0) throw new Error("an unlock gave another element");
  const { suite, commitment, element: request } = locked;
  if (proofToo && !verifyRemove(lockSuite(suite), commitment, request, { element, proof })) {
    throw new Error("an unlock's proof does not hold");
  }
}
