import { createHash } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { AuditEntry, AuditHead, AuditStore, SignedAuditHead } from "../ledger/audit-types.ts";
import type { AuditKey } from "./audit-key.ts";
import { NO_HASH } from "./entry-hash.ts";
import { EXPORT_FORMAT, formatLine } from "./export-lines.ts";
import { endStatement, startStatement } from "./statements.ts";

export interface ExportOptions {
  readonly store: AuditStore;
  /** Chains what is not chained yet. */
  readonly keeper: { chainNow(): Promise<void> };
  readonly key: AuditKey;
  readonly now: () => Date;
}

/** Entries that are read at a time. */
const PAGE = 500;
const RETRY_AFTER_MS = 1_000;

/**
 * A tenant's audit log up to now, from a sequence on (0: the oldest that is kept): a signed start, the entries with
 * the heads that this key signed among them, a signed end. Lines of JSON, each with its line feed; docs/audit.md says
 * what each is. Throws DomainError LEDGER_UNAVAILABLE when retention deletes what is being read.
 */
export async function* exportAudit(
  options: ExportOptions,
  tenant: string,
  from: bigint,
): AsyncGenerator<string> {
  const { store, keeper, key, now } = options;
  await keeper.chainNow();
  const until = await store.auditHead(tenant);
  const start = await placeBefore(store, tenant, from, until);
  const hash = createHash("sha256");
  const written = (line: string) => {
    hash.update(line);
    return line;
  };
  yield written(startLine(key, start, now()));

  let last = start;
  while (last.sequence < until.sequence) {
    const page = await store.readAudit(tenant, last.sequence + 1n, PAGE);
    const entries = page.filter(({ sequence }) => sequence <= until.sequence);
    const newest = entries.at(-1);
    if (newest === undefined || entries[0]?.sequence !== last.sequence + 1n) {
      throw shortened();
    }
    const heads = await store.readAuditHeads(tenant, last.sequence + 1n, newest.sequence);
    const ours = heads.filter(({ publicKey }) => publicKey === key.publicKey);
    for (const line of linesOf(entries, ours)) yield written(line);
    last = newest;
  }
  yield endLine(key, last, last.sequence - start.sequence, hash.digest(), now());
}

/**
 * The entry before the first one of the export, or the checkpoint that retention left in its place. The chain's end
 * when the first one is not there yet.
 */
async function placeBefore(
  store: AuditStore,
  tenant: string,
  from: bigint,
  until: AuditHead,
): Promise<AuditHead> {
  const oldest = (await store.auditCheckpoint(tenant)) ?? { tenant, sequence: 0n, hash: NO_HASH };
  if (from <= oldest.sequence + 1n) return oldest;
  if (from > until.sequence) return until;
  const [before] = await store.readAudit(tenant, from - 1n, 1);
  if (before?.sequence !== from - 1n) throw shortened();
  return before;
}

function shortened(): DomainError {
  const message = "the audit log was shortened during its export; export again";
  return new DomainError(ErrorReason.LEDGER_UNAVAILABLE, message, { retryAfterMs: RETRY_AFTER_MS });
}

function startLine(key: AuditKey, { tenant, sequence, hash }: AuditHead, at: Date): string {
  const place = { tenant, sequence, hash, at };
  const signature = key.signStatement(startStatement(place));
  return formatLine({
    type: "start",
    format: EXPORT_FORMAT,
    ...place,
    public_key: key.publicKey,
    signature,
  });
}

function endLine(
  key: AuditKey,
  { tenant, sequence, hash }: AuditHead,
  entries: bigint,
  linesHash: Uint8Array,
  at: Date,
): string {
  const signature = key.signStatement(endStatement({ tenant, sequence, hash, at, entries, linesHash }));
  return formatLine({
    type: "end",
    sequence,
    hash,
    at,
    entries: Number(entries),
    lines_hash: linesHash,
    signature,
  });
}

function* linesOf(entries: readonly AuditEntry[], heads: readonly SignedAuditHead[]): Generator<string> {
  const bySequence = new Map(heads.map((head) => [head.sequence, head]));
  for (const { sequence, at, kind, actor, detail, hash } of entries) {
    yield formatLine({ type: "entry", sequence, at, kind, actor, detail, hash });
    const head = bySequence.get(sequence);
    if (head === undefined) continue;
    yield formatLine({ type: "head", sequence, hash: head.hash, at: head.at, signature: head.signature });
  }
}
