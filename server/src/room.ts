import type { ReadinessCheck, ServedService } from "@countersign/service-kit";
import type { KeyPoolDesk } from "./key-pool/key-pool-desk.ts";
import type { WebhookDesk } from "./webhooks/webhook-desk.ts";

/** What a relay does for the callers that it lets in, as the process that serves it sees it. */
export interface Room {
  /** The network that it is for; empty for none. */
  readonly network: string;
  readonly services: readonly ServedService[];
  /** What it needs besides the ledger, by name. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** What operators change webhooks with; undefined where none are sent. */
  readonly webhooks: WebhookDesk | undefined;
  /** What operators change the relayers' keys with; undefined where there are none. */
  readonly keyPools: KeyPoolDesk | undefined;
  /** What operators see of it in /readyz. */
  state(): Readonly<Record<string, unknown>>;
  /** Works until `signal` aborts. Never throws. */
  run(signal: AbortSignal): Promise<unknown>;
  close(): void;
}
