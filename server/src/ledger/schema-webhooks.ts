import type { DeliveryState } from "./webhook-types.ts";

/** Milliseconds since the epoch. */
type Millis = bigint;

export interface WebhookTable {
  id: string;
  tenant: string;
  url: string;
  description: string;
  /** Names of terminal states with spaces between them; empty for all. */
  states: string;
  /** 0 or 1. */
  paused: bigint;
  /** SealedSecrets as JSON, newest first. */
  secrets: string;
  created_at: Millis;
  /** Null while there is such a webhook. Its row stays until its deliveries are deleted. */
  deleted_at: Millis | null;
}

export interface WebhookDeliveryTable {
  webhook_id: string;
  submission_id: string;
  state: DeliveryState;
  /** How often it was claimed: also the fencing token of whoever claimed it last. */
  attempts: bigint;
  /** When the submission ended. */
  created_at: Millis;
  /** When it may be claimed, for the first time or again; null unless PENDING. */
  due_at: Millis | null;
  /** Null while PENDING. */
  ended_at: Millis | null;
  last_attempt_at: Millis | null;
  last_status: bigint | null;
  last_problem: string;
}
