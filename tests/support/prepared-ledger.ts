import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent, Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { type SeededTenant, seedTenants } from "./test-tenant.ts";

/** An embedded ledger with tenants, as operators left it before the relay that opens it next. */
export interface PreparedLedger {
  readonly url: string;
  /** Deletes it. */
  remove(): Promise<void>;
}

/** What an operator's change would record. */
export function operatorsAudit(tenant: string, at: Date): AuditEvent {
  return { tenant, kind: "test.prepared", actor: "test", at, detail: {} };
}

/** Makes one and does `work` on it, which a relay's embedded ledger allows nobody while it runs. */
export async function prepareLedger(
  tenants: readonly SeededTenant[] | undefined,
  work: (ledger: Ledger) => Promise<void>,
): Promise<PreparedLedger> {
  const folder = await mkdtemp(join(tmpdir(), "ledger-"));
  const url = `sqlite:${join(folder, "relay.db")}`;
  await seedTenants(url, tenants);
  const ledger = await openLedger(new Secret(url));
  try {
    await work(ledger);
  } finally {
    await ledger.close();
  }
  return { url, remove: () => rm(folder, { recursive: true, force: true }) };
}
