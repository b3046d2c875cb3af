import { Command } from "commander";
import { type ConfigOptions, loadConfigOf, withConfigOptions } from "./config-options.ts";

/** `countersign config check`. */
export function configCommand(): Command {
  const config = new Command("config").description("look at the configuration");
  withConfigOptions(
    config.command("check").description("check the configuration and print it without secrets"),
  ).action((options: ConfigOptions) => {
    process.stdout.write(loadConfigOf(options).dump());
  });
  return config;
}
