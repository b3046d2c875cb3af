import { randomBytes } from "node:crypto";
import { baseEncode, KeyPair } from "near-api-js";
import { keystoreOf, PASSPHRASE } from "./keystores.ts";
import { RELAYER } from "./transactions.ts";

export const SEED = randomBytes(32);
export const publicKey = KeyPair.fromString(`ed25519:${baseEncode(SEED)}`).getPublicKey();

/** The environment that the configurations of `yamlOf` refer to. */
export const PASSPHRASE_ENV = { KEYSTORE_PASSPHRASE: PASSPHRASE.reveal() };

/** A keystore with RELAYER's key "a", whose seed is SEED, and another key "b". */
export const keystoreFile = () => keystoreOf({ keyId: "b" }, { keyId: "a", accountId: RELAYER, seed: SEED });

/** A call that asks for a signature of key "a". */
export const signOne = (transaction: Uint8Array) => ({
  network: "testnet",
  transactions: [{ keyId: "a", transaction }],
});

/** A configuration file's text: listens on a Unix socket. */
export function yamlOf(socket: string, keystore: string): string {
  const listen = `listen: { unix: "${socket}" }`;
  return `${listen}\nkeystore: { file: "${keystore}", passphrase: "env:KEYSTORE_PASSPHRASE" }\n`;
}
