import type { Secret } from "@countersign/service-kit";
import type { SealedSecret, Webhook } from "../ledger/webhook-types.ts";
import { type SendContext, type SendResult, sendEvent, type WebhookEvent } from "./send-event.ts";
import { mintWebhookSecret } from "./webhook-secret.ts";
import { webhookUrlProblem } from "./webhook-url.ts";

/** What operators' changes of webhooks need besides the ledger. */
export interface WebhookDesk {
  /** Why events may not be posted to a URL; undefined when they may. */
  urlProblem(url: string): string | undefined;
  /** A new secret of a webhook: as the ledger stores it, and as its receiver gets it. */
  newSecret(webhookId: string, at: Date): { readonly stored: SealedSecret; readonly text: Secret<string> };
  /** Sends an event that is about nothing. */
  test(webhook: Webhook, signal: AbortSignal): Promise<SendResult>;
}

export interface WebhookDeskOptions extends SendContext {
  readonly testEvent: (tenant: string) => WebhookEvent;
  readonly randomBytes: (length: number) => Uint8Array;
}

export function webhookDesk(options: WebhookDeskOptions): WebhookDesk {
  const { sealer, insecure, testEvent, randomBytes } = options;
  return {
    urlProblem: (url) => webhookUrlProblem(url, { insecure }),
    newSecret(webhookId, at) {
      const { bytes, text } = mintWebhookSecret(randomBytes);
      return { stored: { sealed: sealer.seal(webhookId, bytes), createdAt: at, expiresAt: null }, text };
    },
    test: (webhook, signal) => sendEvent(options, webhook, testEvent(webhook.tenant), signal),
  };
}
