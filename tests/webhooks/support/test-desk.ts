import { randomBytes } from "node:crypto";
import { testEvent } from "@countersign/server/relay/submission-event.ts";
import { resolveHost } from "@countersign/server/webhooks/resolve-host.ts";
import { SecretSealer } from "@countersign/server/webhooks/secret-sealer.ts";
import { type WebhookDesk, webhookDesk } from "@countersign/server/webhooks/webhook-desk.ts";
import { Secret } from "@countersign/service-kit";

export const SEALING_KEY = "5e".repeat(32);

/** What operators change webhooks with, at a relay that may post to this machine, or may not. */
export function testDesk({ insecure = true }: { insecure?: boolean } = {}): WebhookDesk {
  const now = () => new Date();
  return webhookDesk({
    sealer: new SecretSealer([new Secret(SEALING_KEY)]),
    resolve: resolveHost,
    insecure,
    now,
    randomBytes,
    testEvent: (tenant) => testEvent(tenant, now(), randomBytes(16)),
  });
}
