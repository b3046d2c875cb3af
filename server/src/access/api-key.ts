import { createHmac, timingSafeEqual } from "node:crypto";
import { Secret } from "@countersign/service-kit";
import { base32crockford, base58 } from "@scure/base";

/** What every API key starts with, so that scanners for leaked secrets can know it. */
export const API_KEY_PREFIX = "cs_live_";

/** For development only: a relay in production must refuse it. */
export const DEVELOPMENT_PEPPER = "countersign-development-pepper-not-for-production";

const ID_BYTES = 10;
const SECRET_BYTES = 32;
const HASH_BYTES = 32;
const MAX_TEXT_LENGTH = 72;
/** The id in Crockford's base 32 (no i, l, o, u); the secret in base58, where leading zeros make it shorter. */
const FORM = /^cs_live_([0-9a-hjkmnp-tv-z]{16})_([1-9A-HJ-NP-Za-km-z]{32,44})$/;
/** Keeps these hashes apart from whatever else may be made with the same pepper. */
const DOMAIN = "countersign/api-key/v1";

/** The two parts of a key's text. */
export interface ApiKeyParts {
  /** 16 characters; names the key and is no secret. */
  readonly id: string;
  readonly secret: Secret<string>;
}

/** A new key, from 32 random bytes: `text` is what callers present, "cs_live_ID_SECRET". */
export function mintApiKey(
  randomBytes: (length: number) => Uint8Array,
): ApiKeyParts & { readonly text: Secret<string> } {
  const id = base32crockford.encode(randomBytes(ID_BYTES)).toLowerCase();
  const secret = base58.encode(randomBytes(SECRET_BYTES));
  return { id, secret: new Secret(secret), text: new Secret(`${API_KEY_PREFIX}${id}_${secret}`) };
}

/** The parts of a key's text; undefined when it is no key. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret: new Secret(secret) };
}

/**
 * Hashes keys' secrets with HMAC-SHA256 under a pepper, which never stands in the ledger: who reads the ledger
 * cannot even check guesses. A secret has 256 random bits, so that a slow hash would add nothing.
 */
export class ApiKeyHasher {
  readonly #first: Secret<string>;
  readonly #peppers: readonly Secret<string>[];

  /** The first pepper makes hashes; all of them verify, so that a pepper can be replaced. At least one. */
  constructor(peppers: readonly Secret<string>[]) {
    const [first] = peppers;
    if (first === undefined) throw new Error("API keys need a pepper");
    this.#first = first;
    this.#peppers = peppers;
  }

  /** 32 bytes. The id is hashed too: a hash that is copied to another key's row verifies nothing. */
  hash(key: ApiKeyParts): Uint8Array {
    return hmac(this.#first, key);
  }

  /** Whether the hash is the key's. Takes as long for a wrong secret as for the right one. */
  verify(key: ApiKeyParts, hash: Uint8Array): boolean {
    const expected = hash.length === HASH_BYTES ? hash : new Uint8Array(HASH_BYTES);
    let matches = false;
    for (const pepper of this.#peppers) matches = timingSafeEqual(hmac(pepper, key), expected) || matches;
    return matches && hash.length === HASH_BYTES;
  }
}

function hmac(pepper: Secret<string>, { id, secret }: ApiKeyParts): Buffer {
  return createHmac("sha256", pepper.reveal()).update(`${DOMAIN}\0${id}\0${secret.reveal()}`).digest();
}
