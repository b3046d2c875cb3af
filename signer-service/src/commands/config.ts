import { formatPublicKey } from "@countersign/near";
import { Command } from "commander";
import { loadHeldKeys } from "../app.ts";
import { loadSignerConfig } from "../config.ts";
import { resolveListenOn } from "../listening/listen-on.ts";
import { RelayerSigner } from "../relayer-signer/relayer-signer.ts";

/** `signer config check`: everything that `run` does before it listens, without listening. */
export function configCommand(): Command {
  const config = new Command("config").description("the signer's configuration");
  config
    .command("check")
    .description("checks the configuration, the files it names and the keystore, and shows what is in effect")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .option("--json", "print JSON")
    .action(async (options: { config: string; json?: true }) => {
      const loaded = loadSignerConfig(options.config, process.env);
      await resolveListenOn(loaded.config.listen);
      const signer = await RelayerSigner.load(await loadHeldKeys(loaded.config));
      const keys = signer.keys().map((key) => ({
        key_id: key.keyId,
        network: key.network,
        account_id: key.accountId,
        public_key: formatPublicKey(key.publicKey),
      }));
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ok: true, keys }, null, 2)}\n`
          : `${loaded.dump()}\nok: the configuration is valid; keys that open: ${keys.length}\n`,
      );
    });
  return config;
}
