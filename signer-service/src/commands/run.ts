import { once } from "node:events";
import { createLogger } from "@countersign/service-kit";
import { Command } from "commander";
import type { Signer } from "../app.ts";
import { loadSignerConfig } from "../config.ts";
import { isolate } from "../isolation/isolate.ts";

/** `signer run`: serves until SIGTERM or SIGINT, then lets the calls that run finish. A second signal kills. */
export function runCommand(): Command {
  return new Command("run")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .action(async ({ config: file }: { config: string }) => {
      const readConfig = () => loadSignerConfig(file, process.env).config;
      const config = readConfig();
      // Not for the help, nor for a configuration that is wrong; and with the rights to read it that others may not have.
      const { createSigner } = await import("../app.ts");
      const log = createLogger("signer", config.log.level);
      await isolate({ ...config.process, isProduction: process.env.NODE_ENV === "production", log });
      const signalled = new AbortController();
      const { signal } = signalled;
      // Heard from now on: without a listener the signals end the process in the middle of its start.
      const asked = Promise.race([once(process, "SIGTERM", { signal }), once(process, "SIGINT", { signal })]);
      let signer: Signer | undefined;
      const reload = () => {
        // Its outcome is logged, and what was in effect stays when it fails.
        signer?.reload("signal").catch(() => undefined);
      };
      // Also while the signer stops, when a reload is refused: without a listener the signal ends the process.
      process.on("SIGHUP", reload);
      signer = await createSigner(config, { log, readConfig });
      await asked;
      // The other one is let go of too, so that either kills from here on.
      signalled.abort();
      await signer.drain();
    });
}
