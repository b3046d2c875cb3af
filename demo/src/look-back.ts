import { type AuditVerdict, type Operator, operate } from "./operator.ts";
import type { StepResult } from "./step.ts";
import { TENANT } from "./tenant.ts";

/** What one RPC has cost the tenant, as `countersign usage` says it: gas in gas units, the rest in yoctoNEAR. */
interface Usage {
  readonly group: string;
  readonly submissions: string;
  readonly succeeded: string;
  readonly accounts: string;
  readonly gas: string;
  readonly tokens_burnt: string;
  readonly deposit: string;
}

/** What an operator sees of it all afterwards. */
export interface LookBack {
  readonly usage: readonly Usage[];
  /** Undefined when the audit log could not be exported or verified. */
  readonly audit: AuditVerdict | undefined;
}

/** Asks for usage, exports the audit log and verifies the export. */
export async function lookBack(operator: Operator, note: (result: StepResult) => void): Promise<LookBack> {
  let usage: readonly Usage[] = [];
  let audit: AuditVerdict | undefined;
  note(
    await operate("usage --by method", "2 methods", async () => {
      const answer = await operator.command("usage", "--by", "method", "--tenant", TENANT);
      usage = (answer as { usage: Usage[] }).usage;
      return `${usage.length} methods`;
    }),
  );
  note(
    await operate(`audit export ${TENANT}`, "exported", async () => {
      await operator.exportAudit(TENANT);
      return "exported";
    }),
  );
  note(
    await operate("audit verify", "unaltered", async () => {
      audit = await operator.verifyAudit();
      return audit.ok ? "unaltered" : "altered";
    }),
  );
  return { usage, audit };
}
