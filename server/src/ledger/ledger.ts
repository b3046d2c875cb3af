import type { AppSessionStore } from "./app-session-types.ts";
import type { AuditStore } from "./audit-types.ts";
import type { BudgetStore } from "./budget-types.ts";
import type { KeyOperationStore } from "./key-operation-types.ts";
import type { ProtectionStore } from "./protection-types.ts";
import type {
  AcceptInput,
  AcceptResult,
  Allocation,
  ChangeListener,
  ClaimInput,
  DelegateIdentity,
  IdempotencyClaim,
  Lane,
  LaneId,
  LaneKey,
  LaneToken,
  LaneWork,
  Lease,
  LedgerStats,
  ProgressItem,
  ReallocateInput,
  SignedItem,
  Submission,
  SubmissionQuery,
  TerminalItem,
  Transition,
  Waiting,
  WaitingQuery,
} from "./types.ts";
import type { UserStore } from "./user-types.ts";
import type { WebhookStore } from "./webhook-types.ts";

export type * from "./app-session-types.ts";
export { BUDGET_SCOPES } from "./budget-types.ts";
export { KEY_OPERATION_STEPS } from "./key-operation-types.ts";
export { SCOPES } from "./protection-types.ts";
export type * from "./types.ts";

/**
 * The relay's durable store. Every method is one transaction; a write's promise resolves after its commit is
 * on disk. Any method throws LedgerUnavailableError when the database cannot be reached: whether a write
 * happened is then unknown, and every write may be repeated. Numbers above 2^63-1 throw RangeError before
 * they reach SQL.
 */
export interface Ledger
  extends ProtectionStore,
    BudgetStore,
    AuditStore,
    UserStore,
    AppSessionStore,
    WebhookStore,
    KeyOperationStore {
  /**
   * Takes on a submission, or says why not. Of calls with one idempotency key, also from several processes at
   * once, exactly one is "accepted"; the others get its submission as "repeated", or "key-reused" when their
   * body differs. "replayed": another submission holds the delegate's mark; "nonce-passed": one with a
   * higher nonce of the same key was accepted, so that this one could only fail; "account-busy": another exclusive
   * submission for the account is open. "budget-exhausted": its reservation does not fit into a budget; shortly after
   * another one it is said before the other reasons. Nothing is stored unless accepted.
   * `maxOpen` may be overshot by calls that run at the same time on PostgreSQL.
   */
  accept(input: AcceptInput): Promise<AcceptResult>;
  findIdempotent(
    claim: IdempotencyClaim,
  ): Promise<{ readonly bodyHash: Uint8Array; readonly submission: Submission } | undefined>;
  /** Whether a submission holds the mark of this delegate, by its key and nonce or by its hash. */
  isReplayed(network: string, delegate: DelegateIdentity): Promise<boolean>;
  /**
   * Deletes marks of delegates that can no longer land: a final block of `finalHeight` is above their
   * max_block_height, and their submission is terminal. At most 1000 a call; answers how many.
   */
  pruneReplayMarks(network: string, finalHeight: bigint): Promise<number>;

  getSubmission(tenant: string, id: string): Promise<Submission | undefined>;
  /** By the hash of any transaction that was ever signed for it. */
  getByTransactionHash(tenant: string, hash: string): Promise<Submission | undefined>;
  /** Newest first. */
  listSubmissions(query: SubmissionQuery): Promise<Submission[]>;
  /** The states that a submission has been in, in order; empty for an unknown one. */
  transitions(submissionId: string): Promise<Transition[]>;

  /** Makes sure that there is a lane for each key, and answers them in the same order. */
  ensureLanes(keys: readonly LaneKey[]): Promise<Lane[]>;
  /** The lanes of these accounts that have something which is not terminal, whoever holds them, by id. */
  lanesWithWork(network: string, accountIds: readonly string[]): Promise<Lane[]>;
  /** Takes a free or expired lease, or the owner's own, under a new epoch; null while another holds it. */
  acquireLane(laneId: LaneId, owner: string, now: Date, ttlMs: number): Promise<Lease | null>;
  /** False when the lane was taken over or released. */
  renewLane(token: LaneToken, now: Date, ttlMs: number): Promise<boolean>;
  /** Gives the lease back, if it is still held; writes with this token are fenced from then on. */
  releaseLane(token: LaneToken): Promise<void>;

  /** What lanes could claim now; what was seen may be gone when it is claimed. */
  waiting(query: WaitingQuery): Promise<Waiting>;

  // The methods below throw FencedError, and write nothing, when the token is not the lane's current one.

  /**
   * Puts the oldest unclaimed submissions that the lane's account may sign into the lane, with consecutive
   * nonces from the higher of `nonceFloor` and the lane's next. No other lane gets them. One of an ordering group waits
   * until all that were accepted before it are in a block, and is left to lanes of their account until they end.
   */
  claim(input: ClaimInput): Promise<LaneWork[]>;
  /** Everything in the lane that is not terminal, by rising nonce. Not fenced: it writes nothing. */
  openWork(laneId: LaneId): Promise<LaneWork[]>;
  /**
   * Gives fresh consecutive nonces, in the order given, to submissions that were not signed or whose attempt
   * provably can never land. Throws IllegalTransitionError for one that is terminal or not in the lane.
   */
  reallocate(input: ReallocateInput): Promise<Allocation[]>;
  /**
   * Gives submissions that were claimed and never signed back, for any lane to claim; their nonces are skipped. Others,
   * and those of other lanes, stay as they are, so that repeating it is harmless.
   */
  release(token: LaneToken, submissionIds: readonly string[]): Promise<void>;
  /**
   * As release, also for submissions whose attempt provably can never land: they keep their state, and whichever lane
   * claims them signs them anew.
   */
  handOn(token: LaneToken, submissionIds: readonly string[]): Promise<void>;
  /**
   * Stores signed bytes, before they are first sent, and enters SIGNED; an earlier attempt is dead from then
   * on. Throws NonceConflictError when the nonce was not allocated to the submission or carries other bytes.
   * Repeating an item is harmless.
   */
  recordSigned(token: LaneToken, items: readonly SignedItem[]): Promise<void>;
  /** Enters BROADCAST or INCLUDED. Throws IllegalTransitionError; repeating an item is harmless. */
  recordProgress(token: LaneToken, items: readonly ProgressItem[]): Promise<void>;
  /**
   * Enters a terminal state, settles the budgets to the true cost, records the end in the audit log and notes it for the tenant's webhooks; REJECTED
   * and EXPIRED release the replay mark. Throws IllegalTransitionError; repeating an item is harmless.
   */
  recordTerminal(token: LaneToken, items: readonly TerminalItem[]): Promise<void>;

  /** Submissions that are not terminal. */
  countOpen(): Promise<number>;
  stats(): Promise<LedgerStats>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /** Calls the listener after each commit of a state that this process wrote; the answer ends that. */
  onChange(listener: ChangeListener): () => void;
  /** Waits for writes under way, then frees the database. */
  close(): Promise<void>;
}
