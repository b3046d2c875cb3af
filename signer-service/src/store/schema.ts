import type { Generated } from "kysely";

/** Milliseconds since the epoch. */
type Millis = bigint;
/** 32 bytes in hexadecimal digits. */
type Hash = string;
/** 20 decimal digits: NEAR's nonces are unsigned 64-bit numbers, and the engines' integers are signed. */
type Nonce = string;
/** Decimal digits: an amount in yoctoNEAR, or the gas of a day, has up to 128 bits. */
type Amount = string;

/** Which store this is. No row in a new store, nor in one that a backup was put back into. */
export interface StoreIdentityTable {
  /** 1. */
  id: bigint;
  incarnation: string;
  /** Where the store is, as far as the engine tells; empty when it does not. */
  place: string;
  created_at: Millis;
}

export interface KeyRecordTable {
  public_key: string;
  key_id: string;
  network: string;
  account_id: string;
  backend: string;
  reference: string;
  state: string;
  pause_reason: string | null;
  nonce_floor: Nonce | null;
  highest_nonce: Nonce | null;
  /** What the key's reservations of a day add up to; the day is in days since the epoch, in UTC. */
  spent_day: Generated<bigint>;
  spent_deposit: Generated<Amount>;
  spent_gas: Generated<Amount>;
  /** When a relay had it made, and the store's life at that time; null for a key that operators brought. */
  pool_made_at: Millis | null;
  pool_incarnation: string | null;
}

/** A key that a signer is making for a relay: it counts among its account's keys until it is entered. */
export interface KeyClaimTable {
  key_id: string;
  network: string;
  account_id: string;
  /** Random, of the process that makes it. */
  owner: string;
  expires_at: Millis;
}

/** One reservation each. Nothing but the last two columns ever changes, and these only once. */
export interface JournalEntryTable {
  /** From 1 without a gap. */
  sequence: bigint;
  at: Millis;
  network: string;
  account_id: string;
  public_key: string;
  nonce: Nonce;
  payload_hash: Hash;
  purpose: string;
  /** Hexadecimal digits; empty where no grant was asked for. */
  grant_id: string;
  tenant: string;
  submission_id: string;
  deposit: Amount;
  gas: Amount;
  request_id: string;
  peer: string;
  /** The entry that a repair put this one in the place of; 0 for none. */
  supersedes: bigint;
  hash: Hash;
  /** Hexadecimal digits; null until the signature is made. */
  signature: string | null;
  superseded_by: bigint | null;
}

/** Grants for one transaction that were presented once, until they have expired. */
export interface UsedGrantTable {
  /** Hexadecimal digits. */
  id: string;
  expires_at: Millis;
}

export interface RequestNonceTable {
  key_id: string;
  nonce: string;
  expires_at: Millis;
}

export interface AdminGrantTable {
  id: string;
  audience: string;
  not_before: Millis;
  expires_at: Millis;
  kind: string;
  /** What it allows, as JSON. */
  allows: string;
  /** The bytes that were signed, and the signature, in hexadecimal digits. */
  grant_bytes: string;
  admin_key_id: string;
  signature: string;
  /** 0 or 1, as is `used`. */
  revoked: bigint;
  used: bigint;
}

export interface AuditEntryTable {
  /** From 1 without a gap. */
  sequence: bigint;
  at: Millis;
  kind: string;
  actor: string;
  key_id: string;
  /** JSON. */
  detail: string;
  hash: Hash;
}

/** Where a hash chain ends. Whoever adds to it has locked its row. */
export interface ChainHeadTable {
  /** "journal", "audit" or "threshold". */
  chain: string;
  /** 0, and zeros, while the chain is empty. */
  sequence: bigint;
  hash: Hash;
}

/** A challenge or nonce that was given out and not taken yet. */
export interface ThresholdChallengeTable {
  challenge: Hash;
  /** The store's life in which the row was made: in another one it is as if it were not there. So in all that follow. */
  incarnation: string;
  /** JSON. */
  binding: string;
  expires_at: Millis;
}

/** Threshold keys outlive everything. */
export interface ThresholdKeyTable {
  key_id: string;
  scheme_id: string;
  tenant: string;
  user_id: string;
  network: string;
  account_id: string;
  rp_id: string;
  /** Hexadecimal digits, as is the next. */
  client_share: string;
  relayer_share: string;
  epoch: bigint;
  created_at: Millis;
}

export interface ThresholdCredentialTable {
  key_id: string;
  /** Hexadecimal digits, as is the public key. */
  credential_id: string;
  /** Its place among the key's credentials, from 0. */
  position: bigint;
  public_key: string;
  /** The highest counter that was seen. */
  counter: bigint;
}

export interface ThresholdSessionTable {
  token_hash: Hash;
  incarnation: string;
  tenant: string;
  user_id: string;
  key_id: string;
  /** JSON: a list. */
  purposes: string;
  max_uses: bigint;
  uses: bigint;
  /** How many presignatures it has begun. */
  presigns: Generated<bigint>;
  expires_at: Millis;
}

export interface ThresholdRequestTable {
  id: string;
  incarnation: string;
  tenant: string;
  user_id: string;
  key_id: string;
  digest: string;
  /** How many signing sessions it has begun. */
  runs: bigint;
  /** 0 or 1. */
  finished: bigint;
  expires_at: Millis;
}

export interface ThresholdSigningTable {
  id: string;
  incarnation: string;
  request_id: string;
  tenant: string;
  user_id: string;
  key_id: string;
  digest: string;
  /** "open", "done" or "burnt". */
  stage: string;
  /** Hexadecimal digits: the state while it is open, the answer once it is done, else null. */
  sealed: string | null;
  /** Of the client's message; null until it is done. */
  message_hash: Hash | null;
  expires_at: Millis;
}

/** A presignature that is being made. */
export interface ThresholdPresignTable {
  id: string;
  incarnation: string;
  tenant: string;
  user_id: string;
  key_id: string;
  epoch: bigint;
  token_hash: Hash;
  /** Steps that were answered: from 1. */
  version: bigint;
  /** "triples", "triples_done", "presign" or "done". */
  stage: string;
  /** Of the flight that was answered last. */
  flight_hash: Hash;
  /** Sealed, as is the state, which is null once it is done. */
  answer: Uint8Array;
  state: Uint8Array | null;
  expires_at: Millis;
}

/** How many presignatures a user has begun on a day. */
export interface ThresholdPresignDayTable {
  tenant: string;
  user_id: string;
  /** In days since the epoch, in UTC. */
  day: bigint;
  incarnation: string;
  made: bigint;
}

/** A presignature, and the one signing that it was reserved for. Its state only ever goes on. */
export interface ThresholdPresignatureTable {
  /** SHA-256 of the 33 bytes of R. */
  id: Hash;
  incarnation: string;
  /** The presign session that it came of. */
  presign_id: string;
  tenant: string;
  user_id: string;
  key_id: string;
  epoch: bigint;
  /** "available", "reserved", "used" or "destroyed". */
  state: string;
  /** Hexadecimal digits: the secrets while it is available or reserved, the answer once it is used, else null. */
  sealed: string | null;
  created_at: Millis;
  /** From here on null while it is available. */
  signing_id: string | null;
  request_id: string | null;
  digest: Hash | null;
  client_entropy_hash: Hash | null;
  /** Hexadecimal digits. */
  relayer_entropy: string | null;
  /** Of the signing. */
  expires_at: Millis | null;
}

/** A lock key. Its state only ever goes on. */
export interface LockKeyTable {
  key_id: string;
  /** The suite's byte. */
  suite: bigint;
  /** Hexadecimal digits. */
  commitment: string;
  /** "CURRENT", "GRACE" or "RETIRED". */
  state: string;
  /** The exponent, in hexadecimal digits; null once it is retired. */
  sealed: string | null;
  /** The key whose place it took; empty for a suite's first. */
  replaced: string;
  created_at: Millis;
  grace_at: Millis | null;
  retired_at: Millis | null;
}

/** The signer's store. */
export interface SignerSchema {
  store_identity: StoreIdentityTable;
  key_records: KeyRecordTable;
  journal_entries: JournalEntryTable;
  used_grants: UsedGrantTable;
  request_nonces: RequestNonceTable;
  admin_grants: AdminGrantTable;
  audit_entries: AuditEntryTable;
  chain_heads: ChainHeadTable;
  threshold_challenges: ThresholdChallengeTable;
  threshold_keys: ThresholdKeyTable;
  threshold_credentials: ThresholdCredentialTable;
  threshold_sessions: ThresholdSessionTable;
  threshold_requests: ThresholdRequestTable;
  threshold_signings: ThresholdSigningTable;
  threshold_presigns: ThresholdPresignTable;
  threshold_presign_days: ThresholdPresignDayTable;
  threshold_presignatures: ThresholdPresignatureTable;
  lock_keys: LockKeyTable;
  key_claims: KeyClaimTable;
}
