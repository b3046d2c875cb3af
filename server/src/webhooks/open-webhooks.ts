import { randomBytes } from "node:crypto";
import type { RelayConfig } from "../config/config.ts";
import type { Ledger, Submission } from "../ledger/ledger.ts";
import type { Events } from "../observability/events.ts";
import type { Directory } from "../tenant/directory.ts";
import { isTerminal } from "../tx/states.ts";
import { pruneDeliveries } from "./delivery-pruner.ts";
import { Dispatcher } from "./dispatcher.ts";
import { resealSecrets } from "./reseal-secrets.ts";
import { resolveHost } from "./resolve-host.ts";
import { SecretSealer } from "./secret-sealer.ts";
import type { WebhookEvent } from "./send-event.ts";
import { type WebhookDesk, webhookDesk } from "./webhook-desk.ts";

export interface WebhooksOptions {
  readonly config: RelayConfig["webhooks"];
  readonly ledger: Ledger;
  readonly directory: Pick<Directory, "webhooks" | "hasWebhooks">;
  readonly eventOf: (submission: Submission, endedAt: Date) => WebhookEvent;
  readonly testEvent: (tenant: string) => WebhookEvent;
  readonly events: Events;
  readonly now: () => Date;
  readonly random: () => number;
}

/** Telling tenants' servers how submissions end. */
export interface Webhooks {
  /** Undefined without webhooks.sealing_keys. */
  readonly desk: WebhookDesk | undefined;
  /** Sends until `signal` aborts. Never throws. */
  run(signal: AbortSignal): Promise<unknown>;
}

/** Without sealing keys nothing is sent; what ends is noted for webhooks that there are. */
export function openWebhooks(options: WebhooksOptions): Webhooks {
  const { config, ledger, directory, eventOf, testEvent, events, now, random } = options;
  ledger.setWebhookTenants((tenant) => directory.hasWebhooks(tenant));
  const onFailed = (error: unknown) => events.ledgerUnavailable({ operation: "prune-webhooks", error });
  const { deliveredDays, deadDays } = config;
  const prune = (signal: AbortSignal) =>
    pruneDeliveries({ store: ledger, deliveredDays, deadDays, now, onFailed }, signal);
  if (config.sealingKeys === undefined) return { desk: undefined, run: prune };

  const sealer = new SecretSealer(config.sealingKeys);
  const sending = { sealer, resolve: resolveHost, insecure: config.insecureTargets, now };
  const dispatcher = new Dispatcher({
    ...sending,
    store: ledger,
    webhooks: () => directory.webhooks,
    readSubmission: (tenant, id) => ledger.getSubmission(tenant, id),
    eventOf,
    maxAttempts: config.maxAttempts,
    random,
    events,
  });
  return {
    desk: webhookDesk({ ...sending, testEvent, randomBytes }),
    async run(signal) {
      const stopListening = ledger.onChange((_, state) => {
        if (isTerminal(state) && directory.webhooks.length > 0) dispatcher.wake();
      });
      await Promise.all([
        dispatcher.run(signal),
        prune(signal),
        resealSecrets(sealer, ledger, directory.webhooks).catch((error: unknown) =>
          events.ledgerUnavailable({ operation: "reseal-webhooks", error }),
        ),
      ]);
      stopListening();
    },
  };
}
