import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AuditKeeper } from "@countersign/server/audit/audit-keeper.ts";
import { AuditKey, DEVELOPMENT_AUDIT_SEED } from "@countersign/server/audit/audit-key.ts";
import { exportAudit } from "@countersign/server/audit/export.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { countersign } from "../../admin/countersign-cli.ts";
import type { AuditLog } from "../history.ts";
import type { ChaosWorld } from "./chaos-world.ts";

/** Each tenant's audit log, exported as the relay does, and checked by `countersign audit verify`. */
export async function readAudits(
  { folder, ledgerUrl }: Pick<ChaosWorld, "folder" | "ledgerUrl">,
  tenants: readonly string[],
): Promise<AuditLog[]> {
  const key = AuditKey.fromSeed(new Secret(DEVELOPMENT_AUDIT_SEED));
  const now = () => new Date();
  const store = await openLedger(new Secret(ledgerUrl));
  const onFailed = (error: unknown) => {
    throw error;
  };
  const keeper = new AuditKeeper({ store, key, now, retentionDays: 0, onFailed });
  const logs: AuditLog[] = [];
  try {
    for (const tenant of tenants) {
      const file = join(folder, `audit-${tenant}.jsonl`);
      const lines: string[] = [];
      for await (const line of exportAudit({ store, keeper, key, now }, tenant, 0n)) lines.push(line);
      await writeFile(file, lines.join(""));
      const { code, stdout, stderr } = await countersign(
        ["audit", "verify", file, "--public-key", key.publicKey],
        {},
      );
      const problem = code === 0 ? undefined : `${stdout}${stderr}`.trim();
      logs.push({ tenant, problem, ...submissionsIn(lines) });
    }
  } finally {
    await store.close();
  }
  return logs;
}

function submissionsIn(lines: readonly string[]): Pick<AuditLog, "accepted" | "ended"> {
  const entries = lines.map((line) => JSON.parse(line) as { kind?: string; detail?: unknown });
  const idsOf = (kind: string) =>
    entries.filter((entry) => entry.kind === kind).map(({ detail }) => submissionOf(detail));
  return { accepted: idsOf("submission.accepted"), ended: idsOf("submission.ended") };
}

/** The detail stands in an export as the text that is hashed. */
function submissionOf(detail: unknown): string {
  const { submission } = (typeof detail === "string" ? JSON.parse(detail) : detail) as { submission: string };
  return submission;
}
