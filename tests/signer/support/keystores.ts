import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Secret } from "@countersign/service-kit";
import type { KeyMetadata } from "@countersign/signer-service/backends/keystore/format.ts";
import { addToKeystore, type NewKey } from "@countersign/signer-service/backends/keystore/keystore.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export const PASSPHRASE = new Secret("correct horse battery staple");
/** The lowest cost that is read, so that tests are quick. */
export const LOW_COST = { n: 2 ** 14, r: 8, p: 1 };

export function newKey(overrides: Partial<NewKey> = {}): NewKey {
  return {
    keyId: "relayer-1",
    network: "testnet",
    accountId: "relay.testnet",
    createdAt: "2026-01-02T03:04:05.000Z",
    seed: randomBytes(32),
    ...overrides,
  };
}

export function addKey(path: string, overrides: Partial<NewKey> = {}): Promise<KeyMetadata> {
  return addToKeystore(path, PASSPHRASE, newKey(overrides), randomBytes, LOW_COST);
}

/** A keystore of these keys in a directory of its own. */
export async function keystoreOf(...keys: Partial<NewKey>[]): Promise<string> {
  const path = join(temporaryDirectory(), "keystore.json");
  for (const key of keys) await addKey(path, key);
  return path;
}
