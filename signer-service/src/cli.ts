#!/usr/bin/env node
import { Command } from "commander";
import { configuredPlaces } from "./backends/configured-places.ts";
import { adminGrantCommand } from "./commands/admin-grant.ts";
import { auditCommand } from "./commands/audit.ts";
import { configCommand } from "./commands/config.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { floorsCommand } from "./commands/floors.ts";
import { grantCommand } from "./commands/grant.ts";
import { journalCommand } from "./commands/journal.ts";
import { keyCommand } from "./commands/key.ts";
import { keysCommand } from "./commands/keys.ts";
import { masterSecretCommand } from "./commands/master-secret.ts";
import { reloadCommand } from "./commands/reload.ts";
import { runCommand } from "./commands/run.ts";
import { statusCommand } from "./commands/status.ts";
import { loadSignerConfig } from "./config.ts";

const program = new Command("signer")
  .description("holds the relayer's keys and signs what it has decoded itself")
  .addCommand(runCommand())
  .addCommand(keysCommand())
  .addCommand(configCommand())
  .addCommand(
    doctorCommand((file) => {
      const { backends, keys } = loadSignerConfig(file, process.env).config;
      return configuredPlaces(backends, keys);
    }),
  )
  .addCommand(statusCommand())
  .addCommand(reloadCommand())
  .addCommand(keyCommand())
  .addCommand(floorsCommand())
  .addCommand(grantCommand())
  .addCommand(adminGrantCommand())
  .addCommand(journalCommand())
  .addCommand(auditCommand())
  .addCommand(masterSecretCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`signer: ${explain(error)}\n`);
  process.exitCode = 1;
}

/** The message, with the system's error code where that is the cause. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? error.message : `${error.message} (${code})`;
}
