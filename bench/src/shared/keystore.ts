import { join } from "node:path";
import { run } from "./processes.ts";

export const NETWORK = "countersign-devnet";
export const RELAYER = "relay.test";
export const KEY_ID = "relayer-1";

/** A key of the relayer. */
interface RelayerKey {
  readonly keyId: string;
  readonly publicKey: string;
}

/** The relayer's keys, made by the signer's command line. */
export interface Keystore {
  /** Of the first one, KEY_ID. */
  readonly publicKey: string;
  /** Those that the relayer's account and the relay know. */
  readonly keys: readonly RelayerKey[];
  /** A place for the signer's configuration, and what its environment needs. */
  readonly backend: object;
  readonly env: Readonly<Record<string, string>>;
}

export async function makeKeystore(folder: string, count = 1): Promise<Keystore> {
  const file = join(folder, "keystore.json");
  const env = { BENCH_PASSPHRASE: "the bench's keystore is thrown away" };
  const passphrase = "env:BENCH_PASSPHRASE";
  const where = ["keys", "generate", "--keystore", file, "--passphrase", passphrase];
  const generate = async (keyId: string): Promise<RelayerKey> => {
    const names = ["--key-id", keyId, "--network", NETWORK, "--account", RELAYER, "--json"];
    const made = await run("signer-service/src/cli.ts", [...where, ...names], env);
    return { keyId, publicKey: (JSON.parse(made) as { public_key: string }).public_key };
  };
  const first = await generate(KEY_ID);
  const keys = [first];
  for (let number = 2; number <= count; number++) keys.push(await generate(`relayer-${number}`));
  return {
    publicKey: first.publicKey,
    keys,
    backend: { type: "keystore", name: "keystore", file, passphrase },
    env,
  };
}
