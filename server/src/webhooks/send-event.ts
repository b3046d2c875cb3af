import { retryAfterMs, type Secret } from "@countersign/service-kit";
import type { Webhook } from "../ledger/webhook-types.ts";
import { type PostAnswer, PostError, postPinned } from "./pinned-post.ts";
import { isPublicAddress } from "./public-address.ts";
import type { ResolveHost } from "./resolve-host.ts";
import type { SecretSealer } from "./secret-sealer.ts";
import { signatureHeaders } from "./signature.ts";
import { webhookUrlProblem } from "./webhook-url.ts";

/** A receiver may take this long for everything, in milliseconds. */
export const ATTEMPT_MS = 10_000;

/** What is posted: the JSON form of the contract's SubmissionEvent. */
export interface WebhookEvent {
  readonly id: string;
  readonly body: string;
}

/** How an attempt to send has ended. */
export interface SendResult {
  readonly delivered: boolean;
  /** HTTP status; null for none. */
  readonly status: number | null;
  /** In words for operators; empty for nothing. */
  readonly problem: string;
  /** How long the receiver asks to be left alone, in milliseconds. */
  readonly askedMs: number;
}

export interface SendContext {
  readonly sealer: SecretSealer;
  readonly resolve: ResolveHost;
  /** For development: http too, and addresses that are not public. */
  readonly insecure: boolean;
  /** As in PostOptions. */
  readonly ca?: string | undefined;
  readonly now: () => Date;
}

/** Sends an event to a webhook once, signed with each of its secrets. Rejects only when `stop` aborts. */
export async function sendEvent(
  context: SendContext,
  webhook: Pick<Webhook, "id" | "url" | "secrets">,
  { id, body }: WebhookEvent,
  stop: AbortSignal,
): Promise<SendResult> {
  const { resolve, insecure, ca, now } = context;
  // Rules may have become stricter since it was stored.
  const problem = webhookUrlProblem(webhook.url, { insecure });
  if (problem !== undefined) return failed(`its URL ${problem}`);
  const secrets = secretsOf(context, webhook);
  if (secrets === undefined) return failed("its secret is under none of webhooks.sealing_keys");
  const at = now();
  const headers = {
    "content-type": "application/json",
    "user-agent": "countersign",
    ...signatureHeaders({ id, at, body }, secrets),
  };
  try {
    const answer = await postPinned(new URL(webhook.url), headers, body, {
      resolve,
      isAllowed: insecure ? () => true : isPublicAddress,
      ca,
      signal: AbortSignal.any([AbortSignal.timeout(ATTEMPT_MS), stop]),
    });
    return resultOf(answer, now());
  } catch (error) {
    stop.throwIfAborted();
    if (error instanceof PostError) return failed(error.message);
    throw error;
  }
}

/** Those that sign now; undefined when one of them cannot be had: its receiver would take the event for forged. */
function secretsOf(
  { sealer, now }: SendContext,
  { id, secrets }: Pick<Webhook, "id" | "secrets">,
): Secret<Uint8Array>[] | undefined {
  const current = secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > now());
  const opened = current.flatMap(({ sealed }) => sealer.open(id, sealed) ?? []);
  return opened.length === current.length && opened.length > 0 ? opened : undefined;
}

function resultOf({ status, retryAfter }: PostAnswer, now: Date): SendResult {
  const delivered = status >= 200 && status < 300;
  return {
    delivered,
    status,
    problem: delivered ? "" : `it answered with status ${status}`,
    askedMs: delivered ? 0 : (retryAfterMs(retryAfter, now) ?? 0),
  };
}

const MAX_PROBLEM = 256;

function failed(problem: string): SendResult {
  return { delivered: false, status: null, problem: problem.slice(0, MAX_PROBLEM), askedMs: 0 };
}
