#!/usr/bin/env node
import { once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ConfigError, errorFromConnect, reasonName } from "@countersign/service-kit";
import { Command, CommanderError } from "commander";
import { auditCommand } from "./cli/audit.ts";
import { configCommand } from "./cli/config.ts";
import { type ConfigOptions, loadConfigOf, withConfigOptions } from "./cli/config-options.ts";
import { keyCommand } from "./cli/key.ts";
import { limitsCommand } from "./cli/limits.ts";
import { pauseCommand, pausesCommand, resumeCommand } from "./cli/pause.ts";
import { policyCommand } from "./cli/policy.ts";
import { printable } from "./cli/print.ts";
import { tenantCommand } from "./cli/tenant.ts";
import { usageCommand } from "./cli/usage.ts";
import { UsageError } from "./cli/usage-error.ts";

const FAILED = 1;
const USED_WRONGLY = 2;

async function runRelay(options: ConfigOptions): Promise<void> {
  // Not for the other commands, which are quicker without the relay.
  const { createApp } = await import("./app.ts");
  const app = await createApp(loadConfigOf(options).config);
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  await app.stop();
}

const program = new Command("countersign").description("The Countersign relay, and its operators' tool");
withConfigOptions(program.command("relay").description("run the relay")).action(runRelay);
for (const command of [
  configCommand(),
  tenantCommand(),
  keyCommand(),
  policyCommand(),
  limitsCommand(),
  usageCommand(),
  pauseCommand(),
  resumeCommand(),
  pausesCommand(),
  auditCommand(),
]) {
  program.addCommand(command);
}
throwInsteadOfExit(program);

/** Commands that were added keep their own way to exit. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  for (const line of explain(error)) process.stderr.write(`${line}\n`);
}

function exitCodeOf(error: unknown): number {
  // Help and version end with 0; for everything else commander says 1.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USED_WRONGLY;
  return error instanceof UsageError ? USED_WRONGLY : FAILED;
}

/** What commander has to say it has said already. */
function explain(error: unknown): string[] {
  if (error instanceof CommanderError) return [];
  if (error instanceof ConfigError) {
    return error.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  }
  if (error instanceof ConnectError) {
    const { reason, code, message } = errorFromConnect(error);
    const name = reason === undefined ? nameOf(error, code) : reasonName(reason);
    return [`${name}: ${printable(message)}`];
  }
  return [error instanceof Error ? error.message : String(error)];
}

/** Connect calls it an internal error when a socket is not there or a TLS handshake fails. */
function nameOf({ isWireError, cause }: ConnectError, code: Code): string {
  const unreached = code === Code.Internal && !isWireError && cause instanceof Error && "code" in cause;
  return codeToString(unreached ? Code.Unavailable : code).toUpperCase();
}
