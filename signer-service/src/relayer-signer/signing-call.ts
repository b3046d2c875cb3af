import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { DomainError } from "@countersign/service-kit";
import type { Purpose } from "../journal/journal.ts";

/** A transaction to be signed: borsh bytes of an unsigned Transaction. */
export interface SigningRequest {
  readonly keyId: string;
  readonly transaction: Uint8Array;
  /** The token of the caller that the relay acts for; empty for none. */
  readonly callerCredential: string;
}

/** The relay's grants as they came: a serialized SigningGrants and a signature over it. */
export interface GrantsAsSent {
  readonly bytes: Uint8Array;
  readonly keyId: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** A call of a relay. */
export interface SigningCall {
  readonly network: string;
  readonly requests: readonly SigningRequest[];
  readonly grants: GrantsAsSent | null;
  readonly requestId: string;
  /** Who calls: the peer's identity, or "unix". */
  readonly peer: string;
}

/** A transaction that was signed; `hash` is 32 bytes. */
export interface Signed {
  readonly kind: "signed";
  readonly keyId: string;
  readonly purpose: Purpose;
  readonly signedTransaction: Uint8Array;
  readonly hash: Uint8Array;
}

/** A transaction that was not. `cause` is private, for the log. What is not known is empty. */
export interface Refused {
  readonly kind: "refused";
  readonly keyId: string;
  readonly purpose: Purpose | "";
  readonly reason: ErrorReason;
  readonly message: string;
  readonly cause: unknown;
  /** SHA-256 of the bytes that came, 32 bytes. */
  readonly payloadHash: Uint8Array;
  readonly tenant: string;
  readonly submissionId: string;
}

export type SigningResult = Signed | Refused;

/** What is refused before its purpose is known. */
export type RefusalFacts = Pick<Refused, "keyId" | "purpose" | "payloadHash" | "tenant" | "submissionId">;

export function refusedBy(error: DomainError, facts: RefusalFacts): Refused {
  return { kind: "refused", ...facts, reason: error.reason, message: error.message, cause: error.cause };
}
