import { randomBytes } from "node:crypto";
import type { Ledger, Webhook } from "@countersign/server/ledger/ledger.ts";
import { submissionEvent } from "@countersign/server/relay/submission-event.ts";
import { Dispatcher } from "@countersign/server/webhooks/dispatcher.ts";
import { resolveHost } from "@countersign/server/webhooks/resolve-host.ts";
import { SecretSealer } from "@countersign/server/webhooks/secret-sealer.ts";
import { mintWebhookSecret } from "@countersign/server/webhooks/webhook-secret.ts";
import { Secret } from "@countersign/service-kit";
import { at } from "../../ledger/builders.ts";
import { webhook } from "./builders.ts";
import { SEALING_KEY } from "./test-desk.ts";

/** Time that stands still until a test moves it: the ledger's builders end submissions at 2 s. */
export class HandTime {
  #ms = 2_000;
  readonly now = () => at(this.#ms);

  skip(ms: number): void {
    this.#ms += ms;
  }
}

/** What a dispatcher told of. */
interface Told {
  readonly webhookId: string;
  readonly submissionId: string;
  readonly attempt: number;
  readonly outcome: "delivered" | "failed" | "dead";
  readonly why: string;
}

export interface TestDispatcher {
  readonly told: readonly Told[];
  /** Resolves once it has told of this many attempts. */
  tells(count: number): Promise<readonly Told[]>;
  /** Something may be due. */
  wake(): void;
  stop(): Promise<void>;
}

export const SEALER = new SecretSealer([new Secret(SEALING_KEY)]);

/** A webhook with a real secret, and the secret as its receiver has it. */
export function signing(
  id: string,
  changes: Partial<Webhook> = {},
): { webhook: Webhook; secret: string; sealed: Uint8Array } {
  const { bytes, text } = mintWebhookSecret(randomBytes);
  const sealed = SEALER.seal(id, bytes);
  const secrets = [{ sealed, createdAt: at(0), expiresAt: null }];
  return { webhook: webhook(id, { secrets, ...changes }), secret: text.reveal(), sealed };
}

/** Those that run. */
const running = new Set<() => Promise<void>>();

/** To be called after each test, before its ledgers are closed. */
export async function stopDispatchers(): Promise<void> {
  await Promise.all([...running].map((stop) => stop()));
}

/** Runs a dispatcher over a ledger until it is stopped. It knows the webhooks as the ledger has them now. */
export async function startDispatcher(
  ledger: Ledger,
  time: HandTime,
  { maxAttempts = 3, insecure = true }: { maxAttempts?: number; insecure?: boolean } = {},
): Promise<TestDispatcher> {
  const { webhooks } = await ledger.snapshot();
  const told: Told[] = [];
  const waiting = new Set<() => void>();
  const tell = (one: Told) => {
    told.push(one);
    for (const look of waiting) look();
  };
  const dispatcher = new Dispatcher({
    sealer: SEALER,
    resolve: resolveHost,
    insecure,
    now: time.now,
    store: ledger,
    webhooks: () => webhooks,
    readSubmission: (tenant, id) => ledger.getSubmission(tenant, id),
    eventOf: submissionEvent,
    maxAttempts,
    random: () => 0.5,
    events: {
      webhookDelivered: (event) => tell({ ...event, outcome: "delivered", why: "" }),
      webhookFailed: ({ isDead, ...event }) => tell({ ...event, outcome: isDead ? "dead" : "failed" }),
      ledgerUnavailable: ({ error }) => {
        throw error;
      },
    },
  });
  const stopping = new AbortController();
  const run = dispatcher.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await run;
    running.delete(stop);
  };
  running.add(stop);
  return {
    told,
    tells(count) {
      const { promise, resolve } = Promise.withResolvers<readonly Told[]>();
      const look = () => {
        if (told.length >= count) resolve(told);
      };
      waiting.add(look);
      look();
      return promise.finally(() => waiting.delete(look));
    },
    wake: () => dispatcher.wake(),
    stop,
  };
}
