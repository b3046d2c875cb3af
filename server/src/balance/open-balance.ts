import type { Logger } from "@countersign/service-kit";
import type { AuditLog } from "../audit/audit-log.ts";
import type { RelayConfig } from "../config/config.ts";
import type { NearViews } from "../near/views.ts";
import type { Events } from "../observability/events.ts";
import { BalanceWatch } from "./balance-watch.ts";

export interface BalanceOptions {
  readonly config: Pick<RelayConfig, "relayers" | "balance">;
  readonly views: NearViews;
  readonly events: Pick<Events, "balanceChanged" | "auditFailed">;
  readonly audit: Pick<AuditLog, "record">;
  readonly log: Logger;
}

/** The watch over the relayers' balances, which records what it finds. */
export function openBalance({ config, views, events, audit, log }: BalanceOptions): BalanceWatch {
  return new BalanceWatch({
    accountIds: config.relayers.map(({ accountId }) => accountId),
    views,
    thresholds: {
      accountsBelow: config.balance.accountsBelow,
      allBelow: config.balance.allBelow,
      resumeFactorPercent: config.balance.resumePercent,
    },
    intervalMs: config.balance.intervalS * 1000,
    onChange: (from, to, amount) => {
      events.balanceChanged({ from, to, balance: amount });
      const detail = { from, to, balance: amount.toString() };
      audit
        .record({ tenant: "", kind: "balance.changed", actor: "relay", detail })
        .catch((error: unknown) => events.auditFailed({ step: "record", error }));
    },
    onFailed: (error) => log.warn({ err: error }, "balance not seen"),
  });
}
