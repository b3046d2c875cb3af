import type { Ledger, TerminalItem, Webhook } from "@countersign/server/ledger/ledger.ts";
import { at, claimed, event, heldLane, signed, succeeded } from "../../ledger/builders.ts";

export function webhook(id: string, changes: Partial<Webhook> = {}): Webhook {
  return {
    id,
    tenant: "default",
    url: `https://${id}.example/`,
    description: "",
    states: [],
    paused: false,
    secrets: [{ sealed: Buffer.from(`sealed ${id}`), createdAt: at(0), expiresAt: null }],
    createdAt: at(0),
    ...changes,
  };
}

/** Creates the tenant of the builders' submissions, with these webhooks. */
export async function withWebhooks(ledger: Ledger, ...webhooks: Webhook[]): Promise<void> {
  const tenants = new Set(["default", ...webhooks.map(({ tenant }) => tenant)]);
  for (const id of tenants) await ledger.createTenant({ id, displayName: id, createdAt: at(0) }, event());
  for (const one of webhooks) await ledger.createWebhook(one, 10, null, event());
}

/** Accepts submissions of these names and brings them to their ends, by default to SUCCEEDED. */
export async function end(
  ledger: Ledger,
  names: readonly string[],
  endOf: (submissionId: string) => TerminalItem = succeeded,
): Promise<void> {
  const lane = await heldLane(ledger, names.join());
  const work = await claimed(ledger, lane, ...names);
  const ends = work.map(({ submissionId }) => endOf(submissionId));
  const sent = work.filter((_, i) => ends[i]?.to !== "REJECTED");
  await ledger.recordSigned(lane, sent.map(signed));
  await ledger.recordProgress(
    lane,
    sent.map(({ submissionId }) => ({ submissionId, to: "BROADCAST", at: at(1_100) })),
  );
  await ledger.recordTerminal(lane, ends);
}
