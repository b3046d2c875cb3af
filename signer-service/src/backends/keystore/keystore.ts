import type { KeyObject } from "node:crypto";
import { formatPublicKey } from "@countersign/near";
import type { Secret } from "@countersign/service-kit";
import { base64 } from "@scure/base";
import { privateKeyFromSeed, publicKeyOf } from "./ed25519-seed.ts";
import { openSeed, sealSeed, withFileKey } from "./entry-cipher.ts";
import { readKeystoreFile, updateKeystoreFile } from "./file.ts";
import {
  assertDistinctKeys,
  assertMetadata,
  type KeyMetadata,
  type KeystoreContents,
  type KeystoreEntry,
} from "./format.ts";
import { KeystoreError } from "./keystore-error.ts";

/** Cost of a new file: 128 MiB, about half a second. */
export const NEW_FILE_COST = { n: 2 ** 17, r: 8, p: 1 } as const;

/** A key of the file, unlocked. */
export interface UnlockedKey {
  entry: KeystoreEntry;
  privateKey: KeyObject;
}

/** A key to be added. `createdAt` is ISO 8601 in UTC. */
export interface NewKey {
  keyId: string;
  network: string;
  accountId: string;
  createdAt: string;
  seed: Uint8Array;
}

/** The file's entries without unlocking them. Throws a KeystoreError. */
export async function listKeystore(path: string): Promise<KeystoreEntry[]> {
  return (await readExisting(path)).keys;
}

/** Unlocks every key of the file. Throws a KeystoreError: a wrong passphrase, an altered entry, a bad file. */
export async function unlockKeystore(path: string, passphrase: Secret<string>): Promise<UnlockedKey[]> {
  const contents = await readExisting(path);
  return withFileKey(contents.kdf, passphrase, (fileKey) => unlockAll(contents, fileKey));
}

async function readExisting(path: string): Promise<KeystoreContents> {
  const contents = await readKeystoreFile(path);
  if (contents === null) throw new KeystoreError(`there is no keystore ${path}`);
  return contents;
}

function unlockAll(contents: KeystoreContents, fileKey: Uint8Array): UnlockedKey[] {
  const unlocked: UnlockedKey[] = [];
  const failed: string[] = [];
  for (const entry of contents.keys) {
    const seed = openSeed(contents, fileKey, entry);
    if (seed === null) {
      failed.push(entry.key_id);
      continue;
    }
    const privateKey = privateKeyFromSeed(seed);
    seed.fill(0);
    if (formatPublicKey(publicKeyOf(privateKey)) !== entry.public_key) failed.push(entry.key_id);
    else unlocked.push({ entry, privateKey });
  }
  if (failed.length === 0) return unlocked;
  throw new KeystoreError(
    unlocked.length === 0
      ? "the passphrase is wrong, or the keystore was altered"
      : `the passphrase is right, but these keys were altered: ${failed.join(", ")}`,
  );
}

/**
 * Adds a key to the file, or makes the file. The passphrase must open every key that is in it already. Throws
 * a KeystoreError and changes nothing. `randomBytes` gives the salt and the nonce; the caller wipes the seed.
 */
export async function addToKeystore(
  path: string,
  passphrase: Secret<string>,
  key: NewKey,
  randomBytes: (size: number) => Uint8Array,
  cost: { n: number; r: number; p: number } = NEW_FILE_COST,
): Promise<KeyMetadata> {
  const metadata = {
    key_id: key.keyId,
    network: key.network,
    account_id: key.accountId,
    public_key: formatPublicKey(publicKeyOf(privateKeyFromSeed(key.seed))),
    created_at: key.createdAt,
  };
  assertMetadata(metadata);
  await updateKeystoreFile(path, async (existing) => {
    const contents = existing ?? newContents(cost, randomBytes(32));
    assertDistinctKeys([...contents.keys, metadata]);
    const entry = await withFileKey(contents.kdf, passphrase, (fileKey) => {
      unlockAll(contents, fileKey);
      return sealSeed(contents, fileKey, metadata, randomBytes(24), key.seed);
    });
    return { ...contents, keys: [...contents.keys, entry] };
  });
  return metadata;
}

function newContents(cost: { n: number; r: number; p: number }, salt: Uint8Array): KeystoreContents {
  return {
    format: "countersign-keystore",
    version: 1,
    kdf: { name: "scrypt", ...cost, salt: base64.encode(salt) },
    cipher: "xchacha20-poly1305",
    keys: [],
  };
}
