import { randomBytes } from "node:crypto";
import { baseEncode, KeyPair } from "near-api-js";
import { openPolicy, type SignerSettings, signerSettings } from "../../support/signer-settings.ts";
import { keystoreOf, PASSPHRASE } from "./keystores.ts";
import { RELAYER } from "./transactions.ts";

export const SEED = randomBytes(32);
export const publicKey = KeyPair.fromString(`ed25519:${baseEncode(SEED)}`).getPublicKey();

/** The environment that the configurations of `relayerSettings` refer to. */
export const PASSPHRASE_ENV = { KEYSTORE_PASSPHRASE: PASSPHRASE.reveal() };

/** A keystore with RELAYER's key "a", whose seed is SEED, and another key "b". */
export const keystoreFile = () => keystoreOf({ keyId: "b" }, { keyId: "a", accountId: RELAYER, seed: SEED });

/** A call that asks for a signature of key "a". */
export const signOne = (transaction: Uint8Array) => ({
  network: "testnet",
  transactions: [{ keyId: "a", transaction }],
});

/** What a signer with a keystore and its keys "a" and "b" is configured with; its sockets and store are in `folder`. */
export function relayerSettings(folder: string, keystore: string, more: SignerSettings = {}): SignerSettings {
  const passphrase = "env:KEYSTORE_PASSPHRASE";
  const policy = openPolicy("testnet", RELAYER);
  return signerSettings(folder, {
    backends: [{ type: "keystore", name: "keystore", file: keystore, passphrase }],
    policies: { a: policy, b: policy },
    log: { level: "info" },
    ...more,
  });
}
