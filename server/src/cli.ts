#!/usr/bin/env node
import { once } from "node:events";
import { Command, CommanderError } from "commander";
import type { App } from "./app.ts";
import type { ConfigOptions } from "./cli/config-options.ts";
import type { LoadedConfig, LockRelayConfig, RelayConfig } from "./config/config.ts";

const USED_WRONGLY = 2;

interface CliCommand {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly CliCommand[] = [
  { name: "relay", description: "run the relay", load: relayCommand },
  {
    name: "config",
    description: "look at the configuration",
    load: async () => (await import("./cli/config.ts")).configCommand(),
  },
  {
    name: "tenant",
    description: "whom the relay serves",
    load: async () => (await import("./cli/tenant.ts")).tenantCommand(),
  },
  {
    name: "key",
    description: "the keys of a tenant's callers",
    load: async () => (await import("./cli/key.ts")).keyCommand(),
  },
  {
    name: "policy",
    description: "what tenants may have paid",
    load: async () => (await import("./cli/policy.ts")).policyCommand(),
  },
  {
    name: "limits",
    description: "what tenants may use up",
    load: async () => (await import("./cli/limits.ts")).limitsCommand(),
  },
  {
    name: "usage",
    description: "what submissions have cost",
    load: async () => (await import("./cli/usage.ts")).usageCommand(),
  },
  {
    name: "pause",
    description: "stop something, on every replica within two seconds",
    load: async () => (await import("./cli/pause.ts")).pauseCommand(),
  },
  {
    name: "resume",
    description: "end a pause",
    load: async () => (await import("./cli/pause.ts")).resumeCommand(),
  },
  {
    name: "pauses",
    description: "show what is paused",
    load: async () => (await import("./cli/pause.ts")).pausesCommand(),
  },
  {
    name: "webhook",
    description: "where tenants are told of outcomes",
    load: async () => (await import("./cli/webhook.ts")).webhookCommand(),
  },
  {
    name: "keys",
    description: "the relayers' own keys: add, drain, rotate",
    load: async () => (await import("./cli/keys.ts")).keysCommand(),
  },
  {
    name: "audit",
    description: "who did what",
    load: async () => (await import("./cli/audit.ts")).auditCommand(),
  },
];

// Who reads what is printed may have enough of it.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(1);
  throw error;
});

try {
  await (await programOf(process.argv.slice(2))).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // What commander has to say it has said already. Help and version end with 0; for everything else it says 1.
    process.exitCode = error.exitCode === 0 ? 0 : USED_WRONGLY;
  } else {
    const { exitCodeOf, explain } = await import("./cli/failure.ts");
    process.exitCode = exitCodeOf(error);
    for (const line of explain(error)) process.stderr.write(`${line}\n`);
  }
}

/** Of the commands only the one that is asked for is loaded; the others are names in the help. */
async function programOf(args: readonly string[]): Promise<Command> {
  const asked = args.find((argument) => !argument.startsWith("-") && argument !== "help");
  const program = new Command("countersign").description("The Countersign relay, and its operators' tool");
  for (const { name, description, load } of COMMANDS) {
    const command = name === asked ? await load() : new Command(name);
    program.addCommand(command.description(description));
  }
  throwInsteadOfExit(program);
  return program;
}

async function relayCommand(): Promise<Command> {
  const { loadConfigOf, loadLockConfigOf, withConfigOptions } = await import("./cli/config-options.ts");
  return withConfigOptions(new Command("relay")).action(async (options: ConfigOptions) => {
    const app = await (options.lockOnly
      ? lockRelayOf(loadLockConfigOf(options))
      : relayOf(loadConfigOf(options)));
    await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
    await app.stop();
  });
}

async function relayOf({ config }: LoadedConfig<RelayConfig>): Promise<App> {
  const { createApp } = await import("./app.ts");
  return createApp(config);
}

async function lockRelayOf({ config }: LoadedConfig<LockRelayConfig>): Promise<App> {
  const { createLockApp } = await import("./app.ts");
  return createLockApp(config);
}

/** Commands that were added keep their own way to exit. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}
