import { randomBytes } from "node:crypto";
import { type Logger, type RpcServer, reasonName } from "@countersign/service-kit";
import { exportAudit } from "../audit/export.ts";
import type { CommonConfig } from "../config/config.ts";
import { rpcEventsInterceptor, unreadCallEvents } from "../interceptors/rpc-events.ts";
import type { KeyPoolDesk } from "../key-pool/key-pool-desk.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Events } from "../observability/events.ts";
import type { Protection } from "../protection.ts";
import type { WebhookDesk } from "../webhooks/webhook-desk.ts";
import { serveAdmin } from "./admin-server.ts";

export interface OpenAdminOptions {
  readonly config: Pick<CommonConfig, "admin" | "rates">;
  /** As AdminContext has it. */
  readonly network: string;
  readonly webhooks: WebhookDesk | undefined;
  readonly keyPools: KeyPoolDesk | undefined;
  readonly protection: Protection;
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly events: Events;
  readonly log: Logger;
  /** Aborted when the relay stops. */
  readonly stopping: AbortController;
}

/** Serves the operators' port, if the configuration has one. */
export async function openAdmin(options: OpenAdminOptions): Promise<RpcServer | undefined> {
  const { config, network, webhooks, keyPools, protection, ledger, now, events, log, stopping } = options;
  if (config.admin === undefined) return undefined;
  const { directory, hasher, audit, auditKey, auditKeeper } = protection;
  return serveAdmin({
    admin: config.admin,
    context: {
      network,
      webhooks,
      keyPools,
      ledger,
      directory,
      hasher,
      randomBytes,
      now,
      auditLines: (tenant, from) =>
        exportAudit({ store: ledger, keeper: auditKeeper, key: auditKey, now }, tenant, from),
    },
    failedRate: config.rates.failedAuth,
    onRefused: ({ reason: number, method, address = "unix", admin }) => {
      const reason = reasonName(number);
      const actor = admin === undefined ? "anonymous" : `admin:${admin}`;
      audit.note({ tenant: "", kind: "auth.refused", actor, reason, method, address });
    },
    interceptors: [rpcEventsInterceptor(events)],
    onUnread: unreadCallEvents(events),
    log,
    stopping,
  });
}
