import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Command, Option } from "commander";
import type { BackendConfig } from "../backends/backends-schema.ts";
import { openBackends } from "../backends/open-backends.ts";
import { loadSignerConfig } from "../config.ts";
import { SECRET_BYTES } from "../sealing/secret-bytes.ts";
import { sealedFileText, sealingContext } from "../threshold/master-secrets/sealed-file.ts";
import { type SecretName, secretName } from "../threshold/master-secrets/secret-name.ts";
import { ED25519_SCHEME, SCHEME_IDS } from "../threshold/schemes/scheme-ids.ts";

interface GenerateOptions {
  config?: string;
  scheme: string;
  network: string;
  epoch: number;
  out: string;
  sealWith?: string;
  sealKey?: string;
  makeSealKey?: true;
}

/** `signer master-secret …`: the secrets that relayer shares are derived from. None of them is ever printed. */
export function masterSecretCommand(): Command {
  const command = new Command("master-secret");
  command
    .command("generate")
    .description(
      "makes the master secret of a network's epoch for a scheme, sealed under a key of an HSM or KMS or plain",
    )
    .addOption(
      new Option("--scheme <id>", "the one scheme that it is for")
        .choices(SCHEME_IDS)
        .default(ED25519_SCHEME),
    )
    .requiredOption("--network <name>", "the one network that it is for")
    .requiredOption("--epoch <number>", "its epoch, from 1", epochFrom)
    .requiredOption("--out <file>", "file for the secret (mode 0600); must not exist")
    .option("--config <file>", "the signer's configuration file (YAML), whose backend seals it")
    .option("--seal-with <backend>", "the backend that seals it, by its name in the configuration")
    .option("--seal-key <key>", "its key there: a label or id:HEX (pkcs11), a key id, ARN or alias (aws-kms)")
    .option("--make-seal-key", "make the key first, where there is none (pkcs11)")
    .action(generate);
  return command;
}

async function generate(options: GenerateOptions): Promise<void> {
  const { scheme, network, epoch, out, sealWith, sealKey, makeSealKey = false } = options;
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(network)) throw new Error("--network must be a network's name");
  if ((sealWith === undefined) !== (sealKey === undefined)) {
    throw new Error("--seal-with and --seal-key go together");
  }
  if (sealWith === undefined && makeSealKey) throw new Error("--make-seal-key needs --seal-with");
  const name: SecretName = { scheme, network, epoch };
  const secret = randomBytes(SECRET_BYTES);
  try {
    if (sealWith === undefined || sealKey === undefined) {
      await writeNew(out, `${secret.toString("hex")}\n`);
      process.stdout.write(`${secretName(name)}: written to ${out}; whoever reads it has every share\n`);
      return;
    }
    if (options.config === undefined) throw new Error("--seal-with needs --config");
    const { backends } = loadSignerConfig(options.config, process.env).config;
    const config = backends.find(({ name }) => name === sealWith);
    if (config === undefined) throw new Error(`there is no backend ${sealWith}`);
    const sealed = await sealUnder(config, sealKey, makeSealKey, secret, name);
    await writeNew(out, sealedFileText({ ...name, wrappedBy: config.type, sealed }));
    process.stdout.write(`${secretName(name)}: sealed under ${sealKey} of ${sealWith}, written to ${out}\n`);
  } finally {
    secret.fill(0);
  }
}

/** Has it opened again, so that nothing is written that could not be. */
async function sealUnder(
  config: BackendConfig,
  key: string,
  makeKey: boolean,
  secret: Uint8Array,
  name: SecretName,
): Promise<Uint8Array> {
  const [backend] = await openBackends([config]);
  try {
    const sealer = backend?.sealer;
    if (sealer === undefined) throw new Error(`a backend of type ${config.type} seals nothing`);
    if (makeKey) {
      if (sealer.makeKey === undefined) {
        throw new Error(`a backend of type ${config.type} makes no such keys: use its own tools`);
      }
      await sealer.makeKey(key);
    }
    const context = sealingContext(name);
    const sealed = await sealer.seal(key, secret, context);
    const opened = Buffer.from(await sealer.unseal(key, sealed, context));
    const isSame = opened.equals(secret);
    opened.fill(0);
    if (!isSame) throw new Error(`what ${key} of ${config.name} has sealed opens as something else`);
    return sealed;
  } finally {
    await backend?.close();
  }
}

/** A file that is there stays as it is; one that cannot be written whole is taken away. */
async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  const folder = await open(dirname(path));
  await folder.sync().finally(() => folder.close());
}

function epochFrom(text: string): number {
  const epoch = /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : 0;
  if (epoch < 1 || epoch > 0xffff_ffff) throw new Error("--epoch must be a whole number from 1");
  return epoch;
}
