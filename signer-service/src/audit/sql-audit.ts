import type { Engine } from "@countersign/sql";
import type { SignerSchema } from "../store/schema.ts";
import { appendAudit } from "./append-audit.ts";
import type { SignerAudit } from "./audit.ts";
import { Refusals } from "./refusals.ts";

/** The audit of a store. `onFailed` hears of refusals that could not be written yet; they are tried again. */
export function auditOver(
  engine: Engine<SignerSchema>,
  now: () => Date,
  onFailed: (error: unknown) => void,
): SignerAudit & { close(): Promise<void> } {
  const refusals = new Refusals({
    now,
    write: (events) => engine.write((trx) => appendAudit(trx, events)),
    onFailed,
  });
  return {
    record: (event) => engine.write((trx) => appendAudit(trx, [{ ...event, at: now() }])),
    refused: (refusal) => refusals.add(refusal),
    close: () => refusals.close(),
  };
}
