import type { AuditEvent } from "./audit-types.ts";
import type { CallIdentity } from "./protection-types.ts";
import type { TerminalState } from "./types.ts";

/** Where a tenant is told of how its submissions end. */
export interface Webhook {
  readonly id: string;
  readonly tenant: string;
  readonly url: string;
  readonly description: string;
  /** The ends that it is told of; empty for all. */
  readonly states: readonly TerminalState[];
  /** Whether deliveries wait. */
  readonly paused: boolean;
  /** Newest first; all that have not expired sign. */
  readonly secrets: readonly SealedSecret[];
  readonly createdAt: Date;
}

/** A secret of a webhook, under a key that the ledger does not know. */
export interface SealedSecret {
  readonly sealed: Uint8Array;
  readonly createdAt: Date;
  /** Null for the newest. */
  readonly expiresAt: Date | null;
}

/** What of a webhook can be changed by name. */
export type WebhookChange = Partial<Pick<Webhook, "url" | "description" | "states" | "paused">>;

/** PENDING until DELIVERED, or DEAD when it was tried as often as it may be. */
export type DeliveryState = "PENDING" | "DELIVERED" | "DEAD";

/** The end of one submission for one webhook. */
export interface Delivery {
  readonly webhookId: string;
  readonly submissionId: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When the submission ended. */
  readonly createdAt: Date;
  /** Null unless PENDING. */
  readonly dueAt: Date | null;
  /** Null while PENDING. */
  readonly endedAt: Date | null;
  readonly lastAttemptAt: Date | null;
  /** HTTP status; null for none. */
  readonly lastStatus: number | null;
  /** Empty for none. */
  readonly lastProblem: string;
}

/** A delivery in the hands of whoever claimed it, until the lease ends. */
export interface ClaimedDelivery {
  readonly webhookId: string;
  readonly submissionId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly createdAt: Date;
}

/** How an attempt has ended. `dueAt` is when it is tried again; null for never. */
export interface AttemptResult {
  readonly webhookId: string;
  readonly submissionId: string;
  /** As it was claimed: a result of an earlier attempt changes nothing. */
  readonly attempt: number;
  readonly state: DeliveryState;
  readonly dueAt: Date | null;
  readonly status: number | null;
  readonly problem: string;
  /** True for one that was broken off: it does not count. */
  readonly abandoned?: boolean;
  readonly at: Date;
}

export interface DeliveryQuery {
  readonly webhookId: string;
  readonly state: DeliveryState;
  /** Only what comes after this one: the last of the page before. */
  readonly before?: { readonly createdAt: Date; readonly submissionId: string } | undefined;
  readonly limit: number;
}

export interface DeliveryStats {
  readonly pending: number;
  readonly dead: number;
  /** When the submission ended that somebody is still to be told of for the longest time. */
  readonly oldestPendingAt: Date | null;
}

/**
 * Webhooks, and what they are told: a delivery is written in the transaction that ends its submission, and claimed for a
 * time by one replica at a time.
 */
export interface WebhookStore {
  /**
   * Says which tenants have webhooks, so that ends of others' submissions cost nothing. Until it is said, every end is
   * looked up.
   */
  setWebhookTenants(hasWebhooks: (tenant: string) => boolean): void;

  /** `repeat` as with API keys; "gone": the webhook that the first call made was deleted. At most `limit` for a tenant. */
  createWebhook(
    webhook: Webhook,
    limit: number,
    repeat: CallIdentity | null,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "created" | "repeated"; readonly webhook: Webhook }
    | { readonly outcome: "tenant-not-found" | "limit-reached" | "key-reused" | "gone" }
  >;
  listWebhooks(tenant: string): Promise<Webhook[]>;
  /** Undefined when the tenant has no such webhook. A change that changes nothing is not recorded. */
  updateWebhook(
    tenant: string,
    id: string,
    change: WebhookChange,
    audit: AuditEvent,
  ): Promise<Webhook | undefined>;
  /**
   * Puts a secret before the others, which expire at `othersExpireAt` or as early as they would have. Those that have
   * expired are dropped; "full": `limit` others have not.
   */
  rotateWebhookSecret(
    tenant: string,
    id: string,
    secret: SealedSecret,
    othersExpireAt: Date,
    limit: number,
    repeat: CallIdentity | null,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "rotated" | "repeated"; readonly webhook: Webhook }
    | { readonly outcome: "not-found" | "full" | "key-reused" }
  >;
  /** Stores the same secrets sealed anew, unless they have changed since. */
  resealWebhook(before: Webhook, secrets: readonly SealedSecret[]): Promise<void>;
  /** Undefined when the tenant has no such webhook. */
  deleteWebhook(tenant: string, id: string, at: Date, audit: AuditEvent): Promise<Webhook | undefined>;

  /** Webhooks with deliveries that are due. Paused and deleted ones are not among them. */
  dueWebhooks(now: Date): Promise<string[]>;
  /** Takes due deliveries, each webhook's oldest first, until `until`: nobody else gets them before. */
  claimDeliveries(
    wanted: readonly { readonly webhookId: string; readonly limit: number }[],
    now: Date,
    until: Date,
  ): Promise<ClaimedDelivery[]>;
  /** Leaves deliveries as they are that somebody else has claimed since. */
  recordAttempts(results: readonly AttemptResult[]): Promise<void>;
  /** Newest first. */
  listDeliveries(query: DeliveryQuery): Promise<Delivery[]>;
  /** Makes deliveries due that were dead `at`: those of the submissions, or up to `limit` of any. Answers how many. */
  redriveDeliveries(
    webhookId: string,
    submissionIds: readonly string[] | undefined,
    limit: number,
    at: Date,
    audit: (count: number) => AuditEvent,
  ): Promise<number>;
  /** Deletes what has ended before these times, and deliveries of deleted webhooks. At most 2000 a call; answers how many. */
  pruneDeliveries(before: {
    readonly delivered: Date;
    readonly dead: Date;
    readonly deleted: Date;
  }): Promise<number>;
  deliveryStats(): Promise<DeliveryStats>;
}
