import { Command } from "commander";
import { type ConfigOptions, loadConfigOf, loadLockConfigOf, withConfigOptions } from "./config-options.ts";

/** `countersign config check`. */
export function configCommand(): Command {
  const config = new Command("config");
  withConfigOptions(
    config.command("check").description("check the configuration and print it without secrets"),
  ).action((options: ConfigOptions) => {
    const { dump } = options.lockOnly ? loadLockConfigOf(options) : loadConfigOf(options);
    process.stdout.write(dump());
  });
  return config;
}
