import { fromBinary } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  Purpose as PurposeMessage,
  SessionPolicySchema,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { DomainError, violationsOf } from "@countersign/service-kit";
import { PURPOSES, type Purpose } from "../intents/intent.ts";
import type { ThresholdConfig } from "../threshold-config.ts";

/** What a session may do. */
export interface SessionPolicy {
  readonly lifetimeSeconds: number;
  readonly maxUses: number;
  readonly purposes: readonly Purpose[];
}

/**
 * Reads the bytes of a SessionPolicy, which an assertion signed: all of them must be understood. Throws
 * THRESHOLD_SESSION_POLICY_INVALID, also for more than the operator allows.
 */
export function readSessionPolicy(bytes: Uint8Array, caps: ThresholdConfig["sessions"]): SessionPolicy {
  const message = parsed(bytes);
  if ((message.$unknown ?? []).length > 0) throw invalid("the session policy has fields that nobody knows");
  const violations = violationsOf(SessionPolicySchema, message);
  if (violations !== undefined) throw invalid(`session policy: ${violations}`);
  const lifetimeSeconds = wished(message.lifetimeSeconds, caps.defaultLifetimeSeconds);
  const maxUses = wished(message.maxUses, caps.defaultUses);
  if (lifetimeSeconds > caps.maxLifetimeSeconds) {
    throw invalid(`a session lasts at most ${caps.maxLifetimeSeconds} seconds`);
  }
  if (maxUses > caps.maxUses) throw invalid(`a session has at most ${caps.maxUses} uses`);
  const purposes = PURPOSES.filter((name) => message.purposes.includes(PurposeMessage[name]));
  return { lifetimeSeconds, maxUses, purposes };
}

function parsed(bytes: Uint8Array) {
  try {
    return fromBinary(SessionPolicySchema, bytes);
  } catch (error) {
    throw invalid("the session policy cannot be read", error);
  }
}

function wished(value: number, otherwise: number): number {
  return value === 0 ? otherwise : value;
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.THRESHOLD_SESSION_POLICY_INVALID, message, { cause });
}
