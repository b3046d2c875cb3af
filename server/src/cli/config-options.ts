import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import {
  type LoadedConfig,
  type LockRelayConfig,
  loadLockRelayConfig,
  loadRelayConfig,
  type RelayConfig,
} from "../config/config.ts";

/** How a command is told the relay's configuration. */
export interface ConfigOptions {
  config?: string;
  set: Record<string, string>;
  lockOnly?: boolean;
}

export function withConfigOptions(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration file (YAML)")
    .option("-s, --set <path=value>", "override one setting, for example listen.port=8081", assignment, {})
    .option("--lock-only", "a relay for the lock alone, without funds and NEAR (lock-relay.example.yaml)");
}

/** Throws ConfigError with all problems at once. */
export function loadConfigOf(options: ConfigOptions): LoadedConfig<RelayConfig> {
  return loadRelayConfig(sourcesOf(options));
}

/** The same for --lock-only. */
export function loadLockConfigOf(options: ConfigOptions): LoadedConfig<LockRelayConfig> {
  return loadLockRelayConfig(sourcesOf(options));
}

function sourcesOf({ config, set }: ConfigOptions) {
  return { ...(config === undefined ? {} : { file: config }), env: process.env, flags: set };
}

/** Collects `--set path=value`. */
function assignment(text: string, earlier: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be path=value.");
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}
