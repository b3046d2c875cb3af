import { scrypt } from "node:crypto";
import type { Secret } from "@countersign/service-kit";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { base64 } from "@scure/base";
import type { KdfParameters, KeyMetadata, KeystoreContents, KeystoreEntry } from "./format.ts";
import { KeystoreError } from "./keystore-error.ts";

const FILE_KEY_BYTES = 32;

/**
 * Derives the file's key from the passphrase (scrypt, RFC 7914) and lends it to `use`; it is wiped afterwards.
 * About half a second and 128 MiB at the parameters of a new file.
 */
export async function withFileKey<T>(
  kdf: KdfParameters,
  passphrase: Secret<string>,
  use: (fileKey: Uint8Array) => T,
): Promise<T> {
  const fileKey = await deriveKey(kdf, passphrase);
  try {
    return use(fileKey);
  } finally {
    fileKey.fill(0);
  }
}

function deriveKey({ n, r, p, salt }: KdfParameters, passphrase: Secret<string>): Promise<Buffer> {
  const password = Buffer.from(passphrase.reveal(), "utf8");
  if (password.length === 0) throw new KeystoreError("the keystore's passphrase is empty");
  // OpenSSL counts a few blocks more than the 128 · n · r of the specification.
  const options = { N: n, r, p, maxmem: 128 * n * r + 128 * r * p + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password, base64.decode(salt), FILE_KEY_BYTES, options, (error, key) => {
      password.fill(0);
      if (error === null) resolve(key);
      else reject(new KeystoreError("the keystore's key could not be derived", { cause: error }));
    });
  });
}

type FileHeader = Pick<KeystoreContents, "format" | "version" | "kdf" | "cipher">;

/**
 * Everything around the ciphertext, so that nothing of it can be altered and no ciphertext moved to another
 * entry or file. A JSON array of strings and numbers has one reading only.
 */
function additionalData({ format, version, kdf, cipher }: FileHeader, entry: KeyMetadata): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify([
      format,
      version,
      [kdf.name, kdf.n, kdf.r, kdf.p, kdf.salt],
      cipher,
      [entry.key_id, entry.network, entry.account_id, entry.public_key, entry.created_at],
    ]),
  );
}

/** Seals a 32-byte seed. `nonce` is 24 fresh random bytes. */
export function sealSeed(
  header: FileHeader,
  fileKey: Uint8Array,
  metadata: KeyMetadata,
  nonce: Uint8Array,
  seed: Uint8Array,
): KeystoreEntry {
  const cipher = xchacha20poly1305(fileKey, nonce, additionalData(header, metadata));
  return { ...metadata, nonce: base64.encode(nonce), ciphertext: base64.encode(cipher.encrypt(seed)) };
}

/** The 32-byte seed of an entry, to be wiped by the caller; null if key, ciphertext or metadata do not fit. */
export function openSeed(header: FileHeader, fileKey: Uint8Array, entry: KeystoreEntry): Uint8Array | null {
  const cipher = xchacha20poly1305(fileKey, base64.decode(entry.nonce), additionalData(header, entry));
  try {
    return cipher.decrypt(base64.decode(entry.ciphertext));
  } catch {
    return null;
  }
}
