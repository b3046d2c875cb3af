#!/usr/bin/env node
import { Command } from "commander";
import { configCommand } from "./commands/config.ts";
import { keysCommand } from "./commands/keys.ts";
import { runCommand } from "./commands/run.ts";

const program = new Command("signer")
  .description("holds the relayer's keys and signs what it has decoded itself")
  .addCommand(runCommand())
  .addCommand(keysCommand())
  .addCommand(configCommand());

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
