import type { AppSessionSequenceTable, AppSessionTable, RefreshTokenTable } from "./schema-app-sessions.ts";
import type {
  AuditChainTable,
  AuditEventTable,
  AuditHeadTable,
  AuditSequencerTable,
} from "./schema-audit.ts";
import type { BudgetUseTable } from "./schema-budgets.ts";
import type { KeyOperationTable } from "./schema-key-operations.ts";
import type {
  AdminCallTable,
  ApiKeyTable,
  DocumentTable,
  PauseTable,
  ProtectionRevisionTable,
  RelyingPartyTable,
  TenantTable,
  TokenIssuerTable,
} from "./schema-tenants.ts";
import type { IdentityTable, PasskeyTable, ProviderAccountTable, UserTable } from "./schema-users.ts";
import type { WebhookDeliveryTable, WebhookTable } from "./schema-webhooks.ts";
import type { SubmissionKind, SubmissionState } from "./types.ts";

/** Bytes; written as a Uint8Array, read as one. */
type Bytes = Uint8Array;
/** Milliseconds since the epoch. */
type Millis = bigint;
/** yoctoNEAR as a decimal string: amounts have 128 bits. */
type Yocto = string;

export interface SubmissionTable {
  id: string;
  tenant: string;
  caller: string;
  kind: SubmissionKind;
  state: SubmissionState;
  /** How many transitions there are: the seq of the last one. */
  version: bigint;
  network: string;
  account_id: string;
  receiver_id: string;
  delegate_hash: string | null;
  payload: Bytes;
  required_relayer: string | null;
  /** The account for which no other submission may be open; null for any number. */
  exclusive_account: string | null;
  /** Those of one group reach the chain in the order of `created_at` and `id`; null for any order. */
  ordering_group: string | null;
  expires_at_height: bigint | null;
  created_at: Millis;
  /** Null while open. The partial indexes hang on it, so that open work is found whatever lies behind it. */
  terminal_at: Millis | null;
  /** Null until claimed. */
  lane_id: bigint | null;
  /** Allocated last; null until claimed. */
  nonce: bigint | null;
  /** Of the current attempt. */
  transaction_hash: string | null;
  block_hash: string | null;
  gas_burnt: bigint | null;
  tokens_burnt: Yocto | null;
  deposit: Yocto | null;
  failure_reason: string | null;
  failure_message: string | null;
  failure_chain_error: string | null;
  /** The user whose budgets it counts towards; null for what was accepted before there were budgets. */
  budget_user: string | null;
  /** Like those below, what was reserved, as a decimal string. */
  reserved_accounts: string | null;
  reserved_gas: string | null;
  reserved_deposit: Yocto | null;
  /** A secret. Null once a transaction is signed, and where the signer is to get none. */
  caller_credential: string | null;
}

export interface TransitionTable {
  submission_id: string;
  seq: bigint;
  state: SubmissionState;
  at: Millis;
}

export interface IdempotencyTable {
  tenant: string;
  caller: string;
  method: string;
  key: string;
  body_hash: Bytes;
  submission_id: string;
}

export interface ReplayMarkTable {
  network: string;
  sender_id: string;
  public_key: string;
  nonce: bigint;
  delegate_hash: string;
  max_block_height: bigint;
  submission_id: string;
}

export interface LaneTable {
  id: bigint;
  network: string;
  account_id: string;
  public_key: string;
  key_id: string;
  next_nonce: bigint;
  /** Null when released. */
  lease_owner: string | null;
  /** The fencing token: rises each time the lease changes hands. */
  lease_epoch: bigint;
  lease_until: Millis;
}

/** Every transaction that was ever signed. A submission names its current one; its others can never land. */
export interface AttemptTable {
  lane_id: bigint;
  nonce: bigint;
  submission_id: string;
  transaction_hash: string;
  signed_transaction: Bytes;
  block_hash_height: bigint;
  signed_at: Millis;
}

export interface LedgerSchema {
  submissions: SubmissionTable;
  transitions: TransitionTable;
  idempotency: IdempotencyTable;
  replay_marks: ReplayMarkTable;
  lanes: LaneTable;
  attempts: AttemptTable;
  tenants: TenantTable;
  token_issuers: TokenIssuerTable;
  relying_parties: RelyingPartyTable;
  api_keys: ApiKeyTable;
  documents: DocumentTable;
  pauses: PauseTable;
  admin_calls: AdminCallTable;
  protection_revision: ProtectionRevisionTable;
  users: UserTable;
  identities: IdentityTable;
  passkeys: PasskeyTable;
  provider_accounts: ProviderAccountTable;
  budget_use: BudgetUseTable;
  audit_events: AuditEventTable;
  audit_chains: AuditChainTable;
  audit_heads: AuditHeadTable;
  audit_sequencer: AuditSequencerTable;
  app_sessions: AppSessionTable;
  refresh_tokens: RefreshTokenTable;
  app_session_sequence: AppSessionSequenceTable;
  webhooks: WebhookTable;
  webhook_deliveries: WebhookDeliveryTable;
  key_operations: KeyOperationTable;
}
