type Bytes = Uint8Array;
/** Milliseconds since the epoch. */
type Millis = bigint;

export interface AppSessionTable {
  id: string;
  tenant: string;
  user_id: string;
  created_at: Millis;
  refreshed_at: Millis;
  idle_at: Millis;
  expires_at: Millis;
  /** Null while open. */
  ended_at: Millis | null;
  /** Its place among the sessions that have ended; null while open. */
  end_sequence: bigint | null;
}

/** Of each session the current refresh token and the one before it. Older ones are known by their family. */
export interface RefreshTokenTable {
  /** SHA-256 of the token. */
  token_hash: Bytes;
  session_id: string;
  /** SHA-256 of what all tokens of the session have in common; null for one that was made before there were families. */
  family_hash: Bytes | null;
  /** Null while it is the session's current one. */
  used_at: Millis | null;
  successor_hash: Bytes | null;
  /** Null before the use, and once the successor was used. */
  sealed_successor: Bytes | null;
}

/** One row: the last number that the end of a session got. */
export interface AppSessionSequenceTable {
  sequence: bigint;
}
