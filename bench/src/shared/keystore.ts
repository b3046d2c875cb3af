import { join } from "node:path";
import { run } from "./processes.ts";

export const NETWORK = "countersign-devnet";
export const RELAYER = "relay.test";
export const KEY_ID = "relayer-1";

/** The relayer's key, made by the signer's command line. */
export interface Keystore {
  readonly publicKey: string;
  /** A place for the signer's configuration, and what its environment needs. */
  readonly backend: object;
  readonly env: Readonly<Record<string, string>>;
}

export async function makeKeystore(folder: string): Promise<Keystore> {
  const file = join(folder, "keystore.json");
  const env = { BENCH_PASSPHRASE: "the bench's keystore is thrown away" };
  const passphrase = "env:BENCH_PASSPHRASE";
  const where = ["keys", "generate", "--keystore", file, "--passphrase", passphrase];
  const names = ["--key-id", KEY_ID, "--network", NETWORK, "--account", RELAYER, "--json"];
  const made = await run("signer-service/src/cli.ts", [...where, ...names], env);
  return {
    publicKey: (JSON.parse(made) as { public_key: string }).public_key,
    backend: { type: "keystore", name: "keystore", file, passphrase },
    env,
  };
}
