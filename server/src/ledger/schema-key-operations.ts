import type { KeyOperationKind, KeyOperationStep } from "./key-operation-types.ts";

/** Milliseconds since the epoch. */
type Millis = bigint;

export interface KeyOperationTable {
  id: string;
  network: string;
  account_id: string;
  kind: KeyOperationKind;
  step: KeyOperationStep;
  new_key_id: string;
  new_public_key: string;
  old_key_id: string;
  old_public_key: string;
  submission_id: string;
  failed_submissions: bigint;
  tries: bigint;
  problem: string;
  try_at: Millis;
  actor: string;
  reason: string;
  created_at: Millis;
  step_at: Millis;
  /** Null while open: of an account there is at most one such row. */
  ended_at: Millis | null;
  version: bigint;
}
