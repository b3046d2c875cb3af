import { randomBytes } from "node:crypto";
import { readSecret } from "@countersign/service-kit";
import { Command } from "commander";
import { SEED_BYTES } from "../backends/keystore/ed25519-seed.ts";
import { addToKeystore, listKeystore } from "../backends/keystore/keystore.ts";
import { KeystoreError } from "../backends/keystore/keystore-error.ts";
import { parseSecretKeyText } from "../backends/keystore/secret-key-text.ts";
import { formatKeyTable, publicFields } from "./key-table.ts";

interface NewKeyOptions {
  keystore: string;
  passphrase: string;
  keyId: string;
  network: string;
  account?: string;
  json?: true;
}

/** `signer keys …`: makes, takes in and shows relayer keys. Secrets come by reference, never as arguments. */
export function keysCommand(): Command {
  const keys = new Command("keys");
  addingKey("generate", "makes a new key and adds it")
    .requiredOption("--account <name>", "account whose access key it becomes")
    .action((options: NewKeyOptions & { account: string }) =>
      addKey(options, options.account, randomBytes(SEED_BYTES)),
    );
  addingKey("import", "adds a key that exists: ed25519:<base58>, or a near-cli credentials file")
    .requiredOption("--secret-key <reference>", "env:NAME or file:PATH of the secret key")
    .option("--account <name>", "account whose access key it is; default: the credentials file's")
    .action(importKey);
  keys
    .command("list")
    .description("shows all keys; needs no passphrase")
    .requiredOption("--keystore <file>", "keystore file")
    .option("--json", "print JSON")
    .action(async (options: { keystore: string; json?: true }) => {
      const entries = (await listKeystore(options.keystore)).map(publicFields);
      print(options.json === true ? entries : formatKeyTable(entries));
    });
  keys
    .command("export-public")
    .description("prints one key's public half; needs no passphrase")
    .requiredOption("--keystore <file>", "keystore file")
    .requiredOption("--key-id <id>", "the key")
    .option("--json", "print JSON")
    .action(async (options: { keystore: string; keyId: string; json?: true }) => {
      const entry = (await listKeystore(options.keystore)).find((e) => e.key_id === options.keyId);
      if (entry === undefined) throw new KeystoreError(`${options.keystore} holds no key ${options.keyId}`);
      print(options.json === true ? publicFields(entry) : `${entry.public_key}\n`);
    });
  return keys;

  function addingKey(name: string, description: string): Command {
    return keys
      .command(name)
      .description(description)
      .requiredOption("--keystore <file>", "keystore file; made if there is none")
      .requiredOption("--passphrase <reference>", "env:NAME or file:PATH of the keystore's passphrase")
      .requiredOption("--key-id <id>", 'name of the key within the signer, for example "relayer-1"')
      .requiredOption("--network <name>", "the one network that the key belongs to")
      .option("--json", "print JSON");
  }
}

async function importKey(options: NewKeyOptions & { secretKey: string }): Promise<void> {
  const { seed, accountId } = parseSecretKeyText(readSecret(options.secretKey, process.env).reveal());
  const account = options.account ?? accountId;
  if (account === null) throw new KeystoreError("--account is needed: the secret key names no account");
  if (accountId !== null && account !== accountId) {
    throw new KeystoreError(`the credentials are those of ${accountId}, not of ${account}`);
  }
  await addKey(options, account, seed);
}

/** Wipes the seed. */
async function addKey(options: NewKeyOptions, accountId: string, seed: Uint8Array): Promise<void> {
  const { keyId, network } = options;
  try {
    const passphrase = readSecret(options.passphrase, process.env);
    const createdAt = new Date().toISOString();
    const key = { keyId, network, accountId, createdAt, seed };
    const added = await addToKeystore(options.keystore, passphrase, key, randomBytes);
    print(
      options.json === true ? added : `${added.key_id}: ${added.public_key} added to ${options.keystore}\n`,
    );
  } finally {
    seed.fill(0);
  }
}

function print(output: string | object): void {
  process.stdout.write(typeof output === "string" ? output : `${JSON.stringify(output, null, 2)}\n`);
}
