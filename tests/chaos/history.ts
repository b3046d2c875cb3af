/**
 * What happened in a run, as far as the checker needs it: data alone, so that broken histories can be written by hand.
 * Gas is in gas units, amounts are in yoctoNEAR.
 */
export interface History {
  /** In the order in which each wallet, and each holder of an ordering key, made them. */
  readonly calls: readonly Call[];
  readonly submissions: readonly StoredSubmission[];
  readonly transitions: readonly StoredTransition[];
  readonly attempts: readonly StoredAttempt[];
  readonly idempotency: readonly StoredKey[];
  readonly budgets: readonly StoredBudget[];
  readonly audits: readonly AuditLog[];
  /** In the order of the chain. */
  readonly landed: readonly LandedTransaction[];
  /** Every transaction that a node was given, as often as it was. */
  readonly sent: readonly SentTransaction[];
  readonly chain: ChainEnd;
}

/** A call of a caller's, repeated until it had an answer. */
export interface Call {
  readonly tenant: string;
  readonly method: "SubmitDelegate" | "CreateAccount";
  /** As the caller gave it; empty for none. */
  readonly idempotencyKey: string;
  /** Tells bodies apart: equal for equal ones. */
  readonly body: string;
  /**
   * Names those that reach the chain in the order of these calls, each of which was answered before the next was made;
   * null for any order.
   */
  readonly order: string | null;
  /** What must come of it, if time does not run out: "any" where that depends on when it is tried. */
  readonly meant: "success" | "failure" | "refusal" | "any";
  /** Reasons with which it may be refused. */
  readonly mayBeRefused: readonly string[];
  /** How many tries had no answer: each of them may have been accepted, also after a later one was refused. */
  readonly unanswered: number;
  readonly end: CallEnd;
}

export type CallEnd =
  | {
      readonly kind: "accepted";
      readonly submissionId: string;
      /** The state that the answer showed. */
      readonly state: string;
    }
  | { readonly kind: "refused"; readonly reason: string }
  /** It was given up, although everything was up again. */
  | { readonly kind: "unanswered"; readonly why: string };

export interface StoredSubmission {
  readonly id: string;
  readonly tenant: string;
  readonly kind: "DELEGATE" | "CREATE_ACCOUNT";
  readonly state: string;
  readonly accountId: string;
  /** Base58 of the NEP-461 hash; null for an account creation. */
  readonly delegateHash: string | null;
  readonly transactionHash: string | null;
  readonly failureReason: string | null;
  readonly expiresAtHeight: bigint | null;
  readonly createdAt: Date;
  /** Null until it has landed. */
  readonly cost: Cost | null;
  readonly budgetUser: string;
}

export interface Cost {
  readonly gasBurnt: bigint;
  readonly tokensBurnt: bigint;
  readonly deposit: bigint;
}

export interface StoredTransition {
  readonly submissionId: string;
  readonly seq: number;
  readonly state: string;
}

/** A transaction that was signed, under the access key of its lane. */
export interface StoredAttempt {
  readonly submissionId: string;
  readonly publicKey: string;
  readonly nonce: bigint;
  readonly hash: string;
}

export interface StoredKey {
  readonly tenant: string;
  readonly method: string;
  readonly key: string;
  readonly submissionId: string;
}

export interface StoredBudget {
  readonly tenant: string;
  /** Empty for the tenant as a whole. */
  readonly user: string;
  /** "day:YYYY-MM-DD" or "month:YYYY-MM". */
  readonly period: string;
  readonly accounts: bigint;
  readonly gas: bigint;
  readonly deposit: bigint;
}

/** A tenant's audit log, exported and verified. */
export interface AuditLog {
  readonly tenant: string;
  /** What the verification found; undefined when the log is whole. */
  readonly problem: string | undefined;
  /** Ids in entries "submission.accepted" and "submission.ended", as often as they stand there. */
  readonly accepted: readonly string[];
  readonly ended: readonly string[];
}

export interface SentTransaction {
  readonly publicKey: string;
  readonly nonce: bigint;
  readonly hash: string;
}

/** A transaction of a relayer's that a block included. */
export interface LandedTransaction extends SentTransaction, Cost {
  /** What it carried: "delegate HASH" or "account ID". */
  readonly carried: string;
  /** Whether all that it carried was executed. */
  readonly succeeded: boolean;
}

interface ChainEnd {
  readonly height: bigint;
  /** What all relayers together lost. */
  readonly relayersPaid: bigint;
}
