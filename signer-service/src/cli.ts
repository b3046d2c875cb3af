#!/usr/bin/env node
import { Command } from "commander";

interface CliCommand {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly CliCommand[] = [
  {
    name: "run",
    description: "serves relays until SIGTERM or SIGINT; SIGHUP takes the configuration over again",
    load: async () => (await import("./commands/run.ts")).runCommand(),
  },
  {
    name: "keys",
    description: "relayer keys of a keystore file",
    load: async () => (await import("./commands/keys.ts")).keysCommand(),
  },
  {
    name: "config",
    description: "the signer's configuration",
    load: async () => (await import("./commands/config.ts")).configCommand(),
  },
  {
    name: "doctor",
    description: "tries every backend: reads each key's public half and has it sign what is worth nothing",
    load: loadDoctor,
  },
  {
    name: "status",
    description: "shows keys, backends and the journal of a running signer",
    load: async () => (await import("./commands/status.ts")).statusCommand(),
  },
  {
    name: "reload",
    description: "has a running signer read its configuration, keys and policies again",
    load: async () => (await import("./commands/reload.ts")).reloadCommand(),
  },
  {
    name: "key",
    description: "keys of a running signer: pause them, and lead them through their lives",
    load: async () => (await import("./commands/key.ts")).keyCommand(),
  },
  {
    name: "floors",
    description:
      "reads the keys' nonces from the chain and hands them to a running signer, whose journal opens for these keys",
    load: async () => (await import("./commands/floors.ts")).floorsCommand(),
  },
  {
    name: "grant",
    description: "admin grants, signed with a key that no relay holds",
    load: async () => (await import("./commands/grant.ts")).grantCommand(),
  },
  {
    name: "admin-grant",
    description: "admin grants of a running signer",
    load: async () => (await import("./commands/admin-grant.ts")).adminGrantCommand(),
  },
  {
    name: "journal",
    description: "what the signer has signed, in its store",
    load: async () => (await import("./commands/journal.ts")).journalCommand(),
  },
  {
    name: "audit",
    description: "who operated the signer, and what it refused to sign",
    load: async () => (await import("./commands/audit.ts")).auditCommand(),
  },
  {
    name: "master-secret",
    description: "secrets that threshold keys are derived from",
    load: async () => (await import("./commands/master-secret.ts")).masterSecretCommand(),
  },
  {
    name: "lock",
    description: "lock keys of a running signer",
    load: async () => (await import("./commands/lock.ts")).lockCommand(),
  },
];

try {
  await (await programOf(process.argv.slice(2))).parseAsync();
} catch (error) {
  process.stderr.write(`signer: ${explain(error)}\n`);
  process.exitCode = 1;
}

/** Of the commands only the one that is asked for is loaded; the others are names in the help. */
async function programOf(args: readonly string[]): Promise<Command> {
  const asked = args.find((argument) => !argument.startsWith("-") && argument !== "help");
  const program = new Command("signer").description(
    "holds the relayer's keys and signs what it has decoded itself",
  );
  for (const { name, description, load } of COMMANDS) {
    const command = name === asked ? await load() : new Command(name);
    program.addCommand(command.description(description));
  }
  return program;
}

async function loadDoctor(): Promise<Command> {
  const { configuredPlaces } = await import("./backends/configured-places.ts");
  const { doctorCommand } = await import("./commands/doctor.ts");
  const { loadSignerConfig } = await import("./config.ts");
  return doctorCommand((file) => {
    const { backends, keys } = loadSignerConfig(file, process.env).config;
    return configuredPlaces(backends, keys);
  });
}

/** The message, with the system's error code where that is the cause. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? error.message : `${error.message} (${code})`;
}
