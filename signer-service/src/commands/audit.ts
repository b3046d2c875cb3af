import { Command } from "commander";
import { exportAudit } from "../audit/export.ts";
import { MAX_AUDIT_LINE_BYTES } from "../audit/export-lines.ts";
import { verifyAudit } from "../audit/verify.ts";
import { fileLines } from "../chain/file-lines.ts";
import { loadSignerConfig } from "../config.ts";
import { openStoreReader } from "../store/read-store.ts";
import { writeLines } from "./write-lines.ts";

/** `signer audit …`: takes the signer's own audit out and checks it. */
export function auditCommand(): Command {
  const audit = new Command("audit");
  audit
    .command("export")
    .description("writes the audit as lines of JSON; the signer may run")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .option("--out <file>", "new file to write; default: standard output")
    .action(async ({ config, out }: { config: string; out?: string }) => {
      const engine = openStoreReader(loadSignerConfig(config, process.env).config.store);
      try {
        await writeLines(
          exportAudit(engine, () => new Date()),
          out,
        );
      } finally {
        await engine.close();
      }
    });
  audit
    .command("verify <file>")
    .description("checks an export: every hash, and that no entry is missing; needs no store")
    .option("--json", "print JSON")
    .action(async (file: string, options: { json?: true }) => {
      const result = await verifyAudit(fileLines(file, MAX_AUDIT_LINE_BYTES));
      if (options.json === true) {
        const plain = result.ok ? { ...result, entries: result.entries.toString() } : result;
        process.stdout.write(`${JSON.stringify(plain, null, 2)}\n`);
        if (!result.ok) process.exitCode = 1;
        return;
      }
      if (!result.ok) throw new Error(`${file}, line ${result.line}: ${result.problem}`);
      process.stdout.write(`ok: ${result.entries} entries; the last one's hash is ${result.headHash}\n`);
    });
  return audit;
}
