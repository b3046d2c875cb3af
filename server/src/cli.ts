#!/usr/bin/env node
import { once } from "node:events";
import { ConfigError } from "@countersign/service-kit";
import { Command, CommanderError } from "commander";
import { createApp } from "./app.ts";
import { type LoadedRelayConfig, loadRelayConfig } from "./config/config.ts";

interface Options {
  config?: string;
  set: Record<string, string>;
}

function load({ config, set }: Options): LoadedRelayConfig {
  return loadRelayConfig({ ...(config === undefined ? {} : { file: config }), env: process.env, flags: set });
}

/** Collects `--set path=value`. */
function assignment(text: string, earlier: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new Error(`--set takes path=value, not "${text}"`);
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}

function withConfigOptions(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration file (YAML)")
    .option("-s, --set <path=value>", "override one setting, for example listen.port=8081", assignment, {});
}

async function runRelay(options: Options): Promise<void> {
  const app = await createApp(load(options).config);
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  await app.stop();
}

const program = new Command("countersign").description("The Countersign relay").exitOverride();
withConfigOptions(program.command("relay").description("run the relay")).action(runRelay);
withConfigOptions(
  program
    .command("config")
    .description("look at the configuration")
    .command("check")
    .description("check the configuration and print it without secrets"),
).action((options: Options) => {
  process.stdout.write(load(options).dump());
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
  if (error instanceof ConfigError) {
    for (const { path, message } of error.problems) process.stderr.write(`${path}: ${message}\n`);
  } else if (!(error instanceof CommanderError)) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  }
}
