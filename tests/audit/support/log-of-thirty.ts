import type { AuditEvent } from "@countersign/server/ledger/ledger.ts";
import { at, event } from "../../ledger/builders.ts";
import { sqliteHome } from "../../ledger/engines.ts";
import { AWKWARD, exported, fill } from "./exports.ts";

/** Entries in the log, and how many stand between two of its heads. */
export const ENTRIES = 30;
export const HEAD_EVERY = 10;

/** Thirty entries of a tenant with texts that are awkward to write, and heads at 10, 20 and 30. */
export async function logOfThirty(tenant: string): Promise<string[]> {
  const home = sqliteHome();
  try {
    const ledger = await home.open();
    await fill(ledger, events(tenant), HEAD_EVERY);
    return await exported(ledger, tenant);
  } finally {
    await home.remove();
  }
}

function events(tenant: string): AuditEvent[] {
  return Array.from({ length: ENTRIES }, (_, i) => {
    const text = AWKWARD[i % AWKWARD.length] ?? "";
    return event({
      tenant,
      kind: `test.${i}`,
      actor: `user:${text}`,
      at: at(i),
      detail: { [text]: text, number: i },
    });
  });
}
