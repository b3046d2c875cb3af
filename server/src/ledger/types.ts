import type { Secret } from "@countersign/service-kit";
import type { SubmissionState } from "../tx/states.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { BudgetLevel, BudgetReservation } from "./budget-types.ts";

export type * from "./audit-types.ts";
export type * from "./budget-types.ts";
export type * from "./key-operation-types.ts";
export type * from "./protection-types.ts";
export type * from "./webhook-types.ts";
export type { SubmissionState };

/** A KEY_CHANGE is the relay's own and no tenant's: its tenant is empty. */
export type SubmissionKind = "DELEGATE" | "CREATE_ACCOUNT" | "KEY_CHANGE";

/** The states in which a submission's transaction makes progress. */
export type ProgressState = Extract<SubmissionState, "BROADCAST" | "INCLUDED">;
export type TerminalState = Extract<SubmissionState, "SUCCEEDED" | "FAILED" | "REJECTED" | "EXPIRED">;

/** A submission as callers see it. */
export interface Submission {
  readonly id: string;
  readonly tenant: string;
  readonly caller: string;
  readonly kind: SubmissionKind;
  readonly state: SubmissionState;
  readonly network: string;
  readonly accountId: string;
  readonly receiverId: string;
  /** Base58 of the NEP-461 hash; null for what is no delegate. */
  readonly delegateHash: string | null;
  /** The account that must sign; null for any. */
  readonly requiredRelayer: string | null;
  readonly expiresAtHeight: bigint | null;
  readonly createdAt: Date;
  /** The transaction that carries it; null until SIGNED. */
  readonly transaction: RelayedTransaction | null;
  /** Null until SUCCEEDED or FAILED. */
  readonly cost: Cost | null;
  /** Null unless FAILED, REJECTED or EXPIRED. */
  readonly failure: Failure | null;
  /** Every state that it has been in, in order. */
  readonly transitions: readonly Transition[];
}

export interface RelayedTransaction {
  readonly hash: string;
  readonly relayerId: string;
  readonly relayerPublicKey: string;
  readonly nonce: bigint;
  /** Base58 of the block that holds it; null until it is final. */
  readonly blockHash: string | null;
}

export interface Cost {
  readonly gasBurnt: bigint;
  /** yoctoNEAR. */
  readonly tokensBurnt: bigint;
  /** yoctoNEAR. */
  readonly deposit: bigint;
}

export interface Failure {
  /** The name of an ErrorReason, without its prefix. */
  readonly reason: string;
  readonly message: string;
  /** The chain's error as JSON; empty where there is none. */
  readonly chainError: string;
}

export interface Transition {
  /** 1 for the first, rising by one. */
  readonly seq: bigint;
  readonly state: SubmissionState;
  readonly at: Date;
}

/** What a caller asks the relay to take on. */
export interface AcceptInput {
  readonly tenant: string;
  readonly caller: string;
  readonly method: string;
  readonly idempotencyKey: string;
  /** 32 bytes. */
  readonly bodyHash: Uint8Array;
  readonly submission: {
    /** Unique; ids made later sort later. */
    readonly id: string;
    readonly kind: SubmissionKind;
    readonly network: string;
    readonly accountId: string;
    readonly receiverId: string;
    readonly delegateHash: string | null;
    readonly payload: Uint8Array;
    readonly requiredRelayer: string | null;
    readonly expiresAtHeight: bigint | null;
  };
  /** Submissions of one group reach the chain in the order in which they were accepted; null for any order. */
  readonly orderingGroup?: string | null;
  /** Whether no other submission with this mark and the same account may be open. */
  readonly exclusiveAccount?: boolean;
  /** The caller's token, for a signer that verifies it again: kept until a transaction is signed, or none can be. */
  readonly callerCredential?: Secret<string> | null;
  /** What must be relayed at most once; null where nothing needs it. */
  readonly replayMark: (DelegateIdentity & { readonly maxBlockHeight: bigint }) | null;
  /** Most submissions that are not terminal. */
  readonly maxOpen: number;
  /** Tenants whose unclaimed submissions wait for an operator: they take nobody's room and do not count. */
  readonly heldTenants?: readonly string[];
  /** What it counts towards until its end, when its true cost takes the reservation's place. */
  readonly budget: BudgetReservation;
  /** Stored with it. */
  readonly audit: AuditEvent;
  readonly at: Date;
}

export type AcceptResult =
  | {
      readonly outcome: "accepted";
      readonly submission: Submission;
      /** Every bounded amount after the reservation. */
      readonly budget: readonly BudgetLevel[];
    }
  | { readonly outcome: "repeated"; readonly submission: Submission }
  | { readonly outcome: "budget-exhausted"; readonly level: BudgetLevel }
  | { readonly outcome: "key-reused" | "replayed" | "nonce-passed" | "account-busy" | "queue-full" };

/** What tells one delegate from another: its sender's key and nonce, and its hash. */
export interface DelegateIdentity {
  readonly senderId: string;
  readonly publicKey: string;
  readonly nonce: bigint;
  readonly delegateHash: string;
}

export interface IdempotencyClaim {
  readonly tenant: string;
  readonly caller: string;
  readonly method: string;
  readonly key: string;
}

export interface SubmissionQuery {
  readonly tenant: string;
  readonly caller?: string | undefined;
  readonly accountId?: string | undefined;
  readonly state?: SubmissionState | undefined;
  /** Only what is older than this one: the last of the page before. */
  readonly before?: { readonly createdAt: Date; readonly id: string } | undefined;
  readonly limit: number;
}

/** Identifies a lane within one ledger. */
export type LaneId = number;

/** One access key of a relayer account. */
export interface LaneKey {
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
  /** The key's name at the signer. */
  readonly keyId: string;
}

export interface Lane extends LaneKey {
  readonly id: LaneId;
  /** The next nonce that will be allocated, unless the chain's is higher. */
  readonly nextNonce: bigint;
}

/** Proves that the writer holds the lane: a fencing token. */
export interface LaneToken {
  readonly laneId: LaneId;
  readonly epoch: bigint;
}

export interface Lease {
  readonly epoch: bigint;
  readonly nextNonce: bigint;
}

/** A submission in a lane's hands. */
export interface LaneWork {
  readonly submissionId: string;
  readonly tenant: string;
  readonly caller: string;
  readonly kind: SubmissionKind;
  readonly state: SubmissionState;
  readonly network: string;
  readonly accountId: string;
  readonly receiverId: string;
  readonly payload: Uint8Array;
  readonly requiredRelayer: string | null;
  readonly expiresAtHeight: bigint | null;
  readonly createdAt: Date;
  /** As in AcceptInput; null once it was signed. */
  readonly callerCredential: Secret<string> | null;
  /** Allocated for it last. Above the attempt's when it was reallocated and not signed again yet. */
  readonly nonce: bigint;
  /** The transaction signed last; null when none was. */
  readonly attempt: Attempt | null;
}

/** A signed transaction that may have been sent. */
export interface Attempt {
  /** The lane that signed it; another than the submission's where that one handed it on. */
  readonly laneId: LaneId;
  readonly nonce: bigint;
  readonly transactionHash: string;
  /** Borsh bytes of the SignedTransaction. */
  readonly signedTransaction: Uint8Array;
  /** Height of the block whose hash the transaction names. */
  readonly blockHashHeight: bigint;
  readonly signedAt: Date;
}

export interface ClaimInput extends LaneToken {
  readonly limit: number;
  /** Tenants whose submissions stay unclaimed for now. */
  readonly heldTenants?: readonly string[];
  /** The lowest nonce that the chain would take: the access key's nonce plus one. */
  readonly nonceFloor: bigint;
}

/** Whose queue is looked at, and how much of it. */
export interface WaitingQuery {
  readonly network: string;
  /** Only what lanes of these accounts may take; undefined for lanes of any. */
  readonly accountIds?: readonly string[] | undefined;
  /** Tenants whose submissions stay unclaimed for now. */
  readonly heldTenants: readonly string[];
  readonly limit: number;
}

/** What lanes could claim now. */
export interface Waiting {
  /** For each submission, the oldest first, whose lanes alone may take it; null for any. */
  readonly accounts: readonly (string | null)[];
  /** Whether others are unclaimed: beyond the limit, behind what has to go first, or for lanes of other accounts. */
  readonly more: boolean;
}

export interface ReallocateInput extends LaneToken {
  readonly submissionIds: readonly string[];
  /** As in ClaimInput. */
  readonly nonceFloor: bigint;
}

export interface Allocation {
  readonly submissionId: string;
  readonly nonce: bigint;
}

export interface SignedItem {
  readonly submissionId: string;
  readonly nonce: bigint;
  readonly transactionHash: string;
  readonly signedTransaction: Uint8Array;
  readonly blockHashHeight: bigint;
  readonly at: Date;
}

export interface ProgressItem {
  readonly submissionId: string;
  readonly to: ProgressState;
  readonly at: Date;
  /** With INCLUDED, out of SIGNED: when it was sent. It enters BROADCAST on the way. */
  readonly sentAt?: Date | undefined;
}

/** `failure` stands with FAILED, REJECTED and EXPIRED, and only there; `cost` with SUCCEEDED and FAILED. */
export interface TerminalItem {
  readonly submissionId: string;
  readonly to: TerminalState;
  readonly blockHash?: string | undefined;
  readonly cost?: Cost | undefined;
  readonly failure?: Failure | undefined;
  readonly at: Date;
  /** Out of SIGNED: when it was sent. It enters BROADCAST on the way. */
  readonly sentAt?: Date | undefined;
}

export interface LedgerStats {
  /** Submissions that are not terminal, by state; states without any are absent. */
  readonly openByState: ReadonlyMap<SubmissionState, number>;
  /** When the oldest submission that no lane has claimed was accepted. */
  readonly oldestUnclaimedAt: Date | null;
}

/** Told after a commit of a state that this process wrote. It must not throw. */
export type ChangeListener = (submissionId: string, state: SubmissionState) => void;
