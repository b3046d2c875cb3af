import type { HandlerContext } from "@connectrpc/connect";
import type { ApiKeyHasher } from "../access/api-key.ts";
import type { KeyPoolDesk } from "../key-pool/key-pool-desk.ts";
import type { AuditEvent, Ledger } from "../ledger/ledger.ts";
import type { Directory } from "../tenant/directory.ts";
import type { WebhookDesk } from "../webhooks/webhook-desk.ts";
import { authorOf } from "./admin-caller.ts";

/** What the handlers of the admin services work with. */
export interface AdminContext {
  /** What policies are tested for; empty for a relay that pays for nothing. */
  readonly network: string;
  /** Undefined for a relay that sends no webhooks. */
  readonly webhooks: WebhookDesk | undefined;
  /** Undefined for a relay without keys of its own. */
  readonly keyPools: KeyPoolDesk | undefined;
  readonly ledger: Ledger;
  /** Refreshed after each change, so that it works here at once; other replicas follow. */
  readonly directory: Pick<Directory, "refresh">;
  readonly hasher: ApiKeyHasher;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly now: () => Date;
  /** A tenant's audit log from a sequence on, as lines of JSON that end in a line feed each. */
  readonly auditLines: (tenant: string, fromSequence: bigint) => AsyncIterable<string>;
}

/** What the audit log records of a change. */
export function auditEvent(
  { now }: Pick<AdminContext, "now">,
  call: HandlerContext,
  event: Pick<AuditEvent, "tenant" | "kind" | "detail">,
): AuditEvent {
  return { ...event, actor: authorOf(call.values), at: now() };
}
