import { formatPublicKey } from "@countersign/near";
import { base58 } from "@scure/base";
import { privateKeyFromSeed, publicKeyOf, SEED_BYTES } from "./ed25519-seed.ts";
import { KeystoreError } from "./keystore-error.ts";

/** A secret key read from text, and the account that the text names, if any. The caller wipes `seed`. */
export interface ImportedKey {
  seed: Uint8Array;
  accountId: string | null;
}

const PREFIX = "ed25519:";
/** Longest text read: a credentials file is below 400 characters. */
const MAX_TEXT_LENGTH = 4096;

/**
 * Reads a NEAR secret key: "ed25519:" and base58 of the 32-byte seed or of the 64 bytes of seed and public key,
 * alone or as `private_key` (older: `secret_key`) in the JSON of a near-cli credentials file. A public key that
 * comes along must be the seed's. Throws a KeystoreError, which never quotes the text.
 */
export function parseSecretKeyText(text: string): ImportedKey {
  if (text.length > MAX_TEXT_LENGTH) throw new KeystoreError("the secret key's text is too long");
  const trimmed = text.trim();
  return trimmed.startsWith("{")
    ? fromCredentials(trimmed)
    : { seed: seedFromBase58(trimmed), accountId: null };
}

function fromCredentials(text: string): ImportedKey {
  const fields = parseObject(text);
  const secret = fields.private_key ?? fields.secret_key;
  if (typeof secret !== "string") throw new KeystoreError("the credentials hold no private_key");
  const seed = seedFromBase58(secret);
  const publicKey = formatPublicKey(publicKeyOf(privateKeyFromSeed(seed)));
  if (fields.public_key !== undefined && fields.public_key !== publicKey) {
    seed.fill(0);
    throw new KeystoreError(`the credentials' public_key is not the private key's, which is ${publicKey}`);
  }
  return { seed, accountId: typeof fields.account_id === "string" ? fields.account_id : null };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // The parser's own message quotes the text.
    throw new KeystoreError("the credentials are not JSON");
  }
}

function seedFromBase58(text: string): Uint8Array {
  if (!text.startsWith(PREFIX)) throw new KeystoreError('a secret key begins with "ed25519:"');
  let raw: Uint8Array;
  try {
    raw = base58.decode(text.slice(PREFIX.length));
  } catch {
    throw new KeystoreError('a secret key is base58 after "ed25519:"');
  }
  try {
    if (raw.length === SEED_BYTES) return Uint8Array.from(raw);
    if (raw.length !== 2 * SEED_BYTES) {
      throw new KeystoreError(`a secret key has 32 or 64 bytes, not ${raw.length}`);
    }
    const seed = raw.slice(0, SEED_BYTES);
    const publicKey = publicKeyOf(privateKeyFromSeed(seed)).data;
    if (Buffer.compare(publicKey, raw.subarray(SEED_BYTES)) !== 0) {
      seed.fill(0);
      throw new KeystoreError("the secret key's second half is not its public key");
    }
    return seed;
  } finally {
    raw.fill(0);
  }
}
