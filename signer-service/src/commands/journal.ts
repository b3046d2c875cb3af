import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { fileLines } from "../chain/file-lines.ts";
import { toHex } from "../chain/hash-text.ts";
import { loadSignerConfig } from "../config.ts";
import { exportJournal } from "../journal/export.ts";
import { MAX_LINE_BYTES } from "../journal/export-lines.ts";
import { importJournal } from "../journal/import.ts";
import { verifyJournal } from "../journal/verify.ts";
import { backupStore } from "../store/backup-store.ts";
import { openStore } from "../store/open-store.ts";
import { openStoreReader } from "../store/read-store.ts";
import { writeLines } from "./write-lines.ts";

/** `signer journal …`: takes the journal out, checks it, puts it into a new store, and backs the store up. */
export function journalCommand(): Command {
  const journal = new Command("journal");
  journal
    .command("export")
    .description("writes the journal as lines of JSON; the signer may run")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .option("--out <file>", "new file to write; default: standard output")
    .action(exportTo);
  journal
    .command("verify <file>")
    .description("checks an export: every hash, every signature, no nonce with two payloads; needs no store")
    .option("--json", "print JSON")
    .action(verifyFile);
  journal
    .command("import <file>")
    .description("takes an export into an empty store, which stays locked until nonce floors are set")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .action(importFile);
  journal
    .command("backup")
    .description("copies a SQLite store into a new file; the signer may run")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .requiredOption("--out <file>", "new file to write")
    .action(({ config, out }: { config: string; out: string }) => {
      backupStore(loadSignerConfig(config, process.env).config.store, out);
      process.stdout.write(`backed up to ${out}; put back, it is locked until nonce floors are set\n`);
    });
  return journal;
}

async function exportTo({ config, out }: { config: string; out?: string }): Promise<void> {
  const engine = openStoreReader(loadSignerConfig(config, process.env).config.store);
  try {
    await writeLines(
      exportJournal(engine, () => new Date()),
      out,
    );
  } finally {
    await engine.close();
  }
}

async function verifyFile(file: string, options: { json?: true }): Promise<void> {
  const result = await verifyJournal(fileLines(file, MAX_LINE_BYTES));
  if (options.json === true) {
    const plain = result.ok ? { ...result, entries: result.entries.toString() } : result;
    process.stdout.write(`${JSON.stringify(plain, null, 2)}\n`);
    if (!result.ok) process.exitCode = 1;
    return;
  }
  if (!result.ok) throw new Error(`${file}, line ${result.line}: ${result.problem}`);
  process.stdout.write(
    `ok: ${result.entries} entries of ${result.keys} keys; the last one's hash is ${result.headHash}\n`,
  );
}

async function importFile(file: string, { config }: { config: string }): Promise<void> {
  const opened = await openStore(loadSignerConfig(config, process.env).config.store, {
    now: () => new Date(),
    newIncarnation: randomUUID,
    events: { restored: () => {}, witnessFailed: warn },
  });
  try {
    const by = { actor: "command line", at: new Date() };
    const head = await importJournal(opened.engine, fileLines(file, MAX_LINE_BYTES), by);
    opened.witness.note(head.sequence, head.hash);
    process.stdout.write(
      `imported ${head.sequence} entries; the last one's hash is ${toHex(head.hash)}\n` +
        "the journal is locked until the keys' nonce floors are set\n",
    );
  } finally {
    await opened.engine.close();
  }
}

function warn(error: unknown): void {
  process.stderr.write(`signer: the incarnation file could not be written: ${(error as Error).message}\n`);
}
