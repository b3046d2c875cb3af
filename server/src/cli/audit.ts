import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { ExportAuditResponse } from "@countersign/gen/countersign/admin/v1/audit_pb.ts";
import { AuditService } from "@countersign/gen/countersign/admin/v1/audit_service_pb.ts";
import { Command } from "commander";
import type { AlteredExport, VerifiedExport } from "../audit/verify.ts";
import { verifyAuditFile } from "../audit/verify-file.ts";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { wholeNumber } from "./arguments.ts";
import { printable } from "./print.ts";

const { O_CREAT, O_WRONLY } = constants;

/** A long log takes long to send, in milliseconds. */
const EXPORT_TIMEOUT_MS = 3_600_000;

interface ExportOptions extends AdminOptions {
  from: bigint;
  out?: string;
}

/** `countersign audit …` */
export function auditCommand(): Command {
  const audit = new Command("audit");
  withAdminOptions(
    audit
      .command("export")
      .description("write an audit log as lines of JSON")
      .argument("[tenant]", "none for the relay's own log", ""),
  )
    .option("--from <sequence>", "the first entry; default: the oldest that is kept", wholeNumber, 0n)
    .option("--out <file>", "default: the standard output")
    .action(exportAudit);
  audit
    .command("verify")
    .description("check an export, offline; exit code 1 when it was altered")
    .argument("<file>")
    .option("--public-key <key>", "the relay's, got on another way than the export")
    .option("--json", "print JSON")
    .action(verify);
  return audit;
}

async function exportAudit(tenant: string, options: ExportOptions): Promise<void> {
  const { from, out } = options;
  // Opened before the call: who cannot write does not start to read.
  const file = out === undefined ? undefined : await open(out, O_WRONLY | O_CREAT, 0o600);
  const left = new AbortController();
  try {
    const pieces = adminClient(AuditService, options).exportAudit(
      { tenant, fromSequence: from },
      { timeoutMs: EXPORT_TIMEOUT_MS, signal: left.signal },
    );
    if (file === undefined) await pipeline(textOf(pieces), process.stdout, { end: false });
    else await pipeline(emptying(file, textOf(pieces)), file.createWriteStream());
  } finally {
    // A call that nobody reads any more would keep the process alive.
    left.abort();
    await file?.close();
  }
}

/** Empties the file once there is something to write: a call that is refused leaves an earlier export as it was. */
async function* emptying(file: FileHandle, texts: AsyncIterable<string>): AsyncGenerator<string> {
  let emptied = false;
  for await (const text of texts) {
    if (!emptied && (await file.stat()).isFile()) await file.truncate();
    emptied = true;
    yield text;
  }
}

async function* textOf(pieces: AsyncIterable<ExportAuditResponse>): AsyncGenerator<string> {
  for await (const { lines } of pieces) yield lines;
}

async function verify(file: string, options: { publicKey?: string; json?: true }): Promise<void> {
  const found = await verifyAuditFile(file, options.publicKey);
  if (!found.ok) process.exitCode = 1;
  const text = options.json
    ? JSON.stringify(found, jsonValue, 2)
    : found.ok
      ? wholeText(found)
      : alteredText(found);
  process.stdout.write(`${text}\n`);
}

function wholeText({ tenant, entries, first, last, publicKey, pinned, at }: VerifiedExport): string {
  const whose = tenant === "" ? "the relay's own log" : `the log of ${tenant}`;
  const which = entries === 0n ? "no entries" : `entries ${first} to ${last}`;
  const note = pinned ? "" : "\nThe key is the export's own word: compare it, or give --public-key.";
  return `ok: ${whose}, ${which}, until ${at.toISOString()}, signed by ${publicKey}${note}`;
}

function alteredText({ line, sequence, problem }: AlteredExport): string {
  const entry = sequence === undefined ? "" : `, entry ${sequence}`;
  return printable(`ALTERED at line ${line}${entry}: ${problem}`);
}

function jsonValue(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
