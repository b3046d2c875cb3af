import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { WebhookDesk } from "../../webhooks/webhook-desk.ts";

/** What a relay that sends webhooks has. Throws WEBHOOKS_DISABLED for another one. */
export function deskOf(webhooks: WebhookDesk | undefined): WebhookDesk {
  if (webhooks !== undefined) return webhooks;
  const message = "this relay sends no webhooks: it has no webhooks.sealing_keys";
  throw new DomainError(ErrorReason.WEBHOOKS_DISABLED, message);
}

/** Throws WEBHOOK_URL_INVALID. */
export function assertUrl(desk: WebhookDesk, url: string): void {
  const problem = desk.urlProblem(url);
  if (problem !== undefined) throw new DomainError(ErrorReason.WEBHOOK_URL_INVALID, `url ${problem}`);
}

export function webhookNotFound(tenant: string, id: string): DomainError {
  return new DomainError(ErrorReason.WEBHOOK_NOT_FOUND, `tenant ${tenant} has no webhook ${id}`);
}
