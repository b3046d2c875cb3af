import type { Submission } from "../ledger/types.ts";
import type { AttemptResult, ClaimedDelivery, Webhook, WebhookStore } from "../ledger/webhook-types.ts";
import { WriteBatch } from "../ledger/write-batch.ts";
import type { Events } from "../observability/events.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { ATTEMPT_MS, type SendContext, type SendResult, sendEvent, type WebhookEvent } from "./send-event.ts";
import { WebhookSlots } from "./webhook-slots.ts";

/** How often the ledger is asked for what is due, in milliseconds: what other replicas have ended, and what is tried again. */
const POLL_MS = 1_000;
/** For how long a delivery is its claimer's, in milliseconds: an attempt, and time to record it. */
const LEASE_MS = 3 * ATTEMPT_MS;
/** What runs may finish within this time when the relay stops, in milliseconds. */
const STOP_MS = 3_000;

export interface DispatcherOptions extends SendContext {
  readonly store: Pick<WebhookStore, "dueWebhooks" | "claimDeliveries" | "recordAttempts">;
  /** All there are. */
  readonly webhooks: () => readonly Webhook[];
  readonly readSubmission: (tenant: string, id: string) => Promise<Submission | undefined>;
  readonly eventOf: (submission: Submission, endedAt: Date) => WebhookEvent;
  readonly maxAttempts: number;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly events: Pick<Events, "webhookDelivered" | "webhookFailed" | "ledgerUnavailable">;
}

/**
 * Sends what is due. Replicas share the work: each claims deliveries for a time, and those of one that dies are claimed
 * again when it has passed. So an event may be sent more than once, and never not at all.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #slots = new WebhookSlots();
  readonly #running = new Set<Promise<void>>();
  readonly #results: WriteBatch<AttemptResult>;
  #wake = Promise.withResolvers<void>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#results = new WriteBatch((results) => options.store.recordAttempts(results));
  }

  /** Something may be due. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Until `signal` aborts, and what runs then has finished or was given back. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const onAbort = () => this.wake();
    signal.addEventListener("abort", onAbort, { once: true });
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      await this.#round(stop.signal);
      if (signal.aborted) break;
      const timer = setTimeout(() => this.wake(), POLL_MS);
      await this.#wake.promise;
      clearTimeout(timer);
    }
    signal.removeEventListener("abort", onAbort);
    const timer = setTimeout(() => stop.abort(), STOP_MS);
    await Promise.all(this.#running);
    clearTimeout(timer);
  }

  /** Claims what there is room for, and sets it off. */
  async #round(stop: AbortSignal): Promise<void> {
    const { store, now, events } = this.#options;
    const webhooks = new Map(
      this.#options.webhooks().flatMap((webhook) => (webhook.paused ? [] : [[webhook.id, webhook]])),
    );
    if (webhooks.size === 0) return;
    try {
      const due = (await store.dueWebhooks(now())).filter((id) => webhooks.has(id));
      const wanted = this.#slots.free(due);
      if (wanted.length === 0) return;
      const at = now();
      const claimed = await store.claimDeliveries(wanted, at, new Date(at.getTime() + LEASE_MS));
      for (const delivery of claimed) {
        const webhook = webhooks.get(delivery.webhookId);
        if (webhook !== undefined) this.#start(webhook, delivery, stop);
      }
    } catch (error) {
      events.ledgerUnavailable({ operation: "webhooks", error });
    }
  }

  #start(webhook: Webhook, delivery: ClaimedDelivery, stop: AbortSignal): void {
    this.#slots.take(webhook.id);
    const running = this.#attempt(webhook, delivery, stop)
      .catch((error) => {
        this.#options.events.ledgerUnavailable({ operation: "webhooks", error });
        return undefined;
      })
      .then((delivered) => {
        this.#slots.giveBack(webhook.id, delivered);
        this.#running.delete(running);
        this.wake();
      });
    this.#running.add(running);
  }

  /** Whether it was delivered; undefined when it was not tried. Rejects when the ledger does: then the lease runs out. */
  async #attempt(
    webhook: Webhook,
    delivery: ClaimedDelivery,
    stop: AbortSignal,
  ): Promise<boolean | undefined> {
    const { readSubmission, eventOf, now } = this.#options;
    const { submissionId, createdAt } = delivery;
    const submission = await readSubmission(webhook.tenant, submissionId);
    if (submission === undefined) throw new Error(`submission ${submissionId} is not there`);
    const started = now();
    let result: SendResult;
    try {
      result = await sendEvent(this.#options, webhook, eventOf(submission, createdAt), stop);
    } catch (error) {
      if (!stop.aborted) throw error;
      await this.#results.add(abandoned(delivery, now()));
      return undefined;
    }
    await this.#record(delivery, result, (now().getTime() - started.getTime()) / 1000);
    return result.delivered;
  }

  async #record(
    delivery: ClaimedDelivery,
    { delivered, status, problem, askedMs }: SendResult,
    seconds: number,
  ): Promise<void> {
    const { maxAttempts, random, now, events } = this.#options;
    const { webhookId, submissionId, attempt } = delivery;
    const at = now();
    const isDead = !delivered && attempt >= maxAttempts;
    const isOver = delivered || isDead;
    const retryAt = new Date(at.getTime() + retryDelayMs(attempt, askedMs, random));
    const state = delivered ? "DELIVERED" : isDead ? "DEAD" : "PENDING";
    await this.#results.add({
      ...{ webhookId, submissionId, attempt, state, status, problem, at },
      dueAt: isOver ? null : retryAt,
    });
    const event = { webhookId, submissionId, attempt, seconds };
    if (delivered) events.webhookDelivered(event);
    else events.webhookFailed({ ...event, why: problem, isDead });
  }
}

/** Due at once, for another replica, and as if it had not been tried. */
function abandoned({ webhookId, submissionId, attempt }: ClaimedDelivery, at: Date): AttemptResult {
  return {
    ...{ webhookId, submissionId, attempt, at },
    state: "PENDING",
    dueAt: at,
    status: null,
    problem: "",
    abandoned: true,
  };
}
