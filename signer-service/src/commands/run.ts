import { once } from "node:events";
import { Command } from "commander";
import { createSigner } from "../app.ts";
import { loadSignerConfig } from "../config.ts";

/** `signer run`: serves until SIGTERM or SIGINT, then lets the calls that run finish. A second signal kills. */
export function runCommand(): Command {
  return new Command("run")
    .description("serves relays until SIGTERM or SIGINT")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .action(async ({ config: file }: { config: string }) => {
      const { config } = loadSignerConfig(file, process.env);
      const signer = await createSigner(config);
      const signalled = new AbortController();
      const { signal } = signalled;
      await Promise.race([once(process, "SIGTERM", { signal }), once(process, "SIGINT", { signal })]);
      // The other one is let go of too, so that either kills from here on.
      signalled.abort();
      await signer.drain();
    });
}
