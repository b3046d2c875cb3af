// What a device keeps of a secret: sealed under K, beside K with a relay's lock on.
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Random } from "../encodings.ts";
import { lp } from "../length-prefixed.ts";
import { keyIdBytes } from "./key-id.ts";
import { LockError } from "./lock-error.ts";
import { assertSize, suiteParameters } from "./lock-suite.ts";

export const ENVELOPE_VERSION = 1;

/** Sizes in bytes: a name's and a secret's are the largest that are taken. */
export const NONCE_SIZE = 24;
export const TAG_SIZE = 16;
export const MAX_SECRET_SIZE = 4_096;
export const MAX_NAME_SIZE = 512;

const KEY_SIZE = 32;
const KEY_INFO = utf8ToBytes("countersign/lock-envelope/v1");

/** Which relay can open an envelope, and with what. */
export interface EnvelopeLock {
  /** The suite's byte. */
  readonly suite: number;
  /** The origin of the relay that it was sealed for, as a browser writes it: `https://relay1.example`. */
  readonly relayOrigin: string;
  /** Of the relay's lock key: base64url, 22 characters. */
  readonly keyId: string;
  /** K^s: 32 or 384 bytes. */
  readonly lockedKek: Uint8Array;
}

export interface Envelope extends EnvelopeLock {
  readonly version: typeof ENVELOPE_VERSION;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** As long as the secret, and 16 bytes. */
  readonly ciphertext: Uint8Array;
}

/** What else an envelope is bound to: it opens with the same names only, byte for byte. */
export interface EnvelopeNames {
  readonly accountId: string;
  readonly rpId: string;
  /** For example `wrap-key-seed`. */
  readonly secretKind: string;
}

/** Seals a secret of 1 to 4,096 bytes under K. Takes 24 random bytes. Throws LockError for what does not fit. */
export function sealEnvelope(
  lock: EnvelopeLock,
  kek: Uint8Array,
  names: EnvelopeNames,
  secret: Uint8Array,
  random: Random,
): Envelope {
  const { suite, relayOrigin, keyId, lockedKek } = lock;
  if (secret.length < 1 || secret.length > MAX_SECRET_SIZE) {
    throw new LockError(
      "INVALID_ENVELOPE",
      `a secret has ${secret.length} bytes, not 1 to ${MAX_SECRET_SIZE}`,
    );
  }
  const nonce = random(NONCE_SIZE);
  if (nonce.length !== NONCE_SIZE) {
    throw new LockError("INVALID_ENVELOPE", `the generator gave ${nonce.length} bytes, not ${NONCE_SIZE}`);
  }
  const parts = { version: ENVELOPE_VERSION, suite, relayOrigin, keyId, lockedKek, nonce } as const;
  const ciphertext = withKey(kek, lockedKek.length, (key) =>
    xchacha20poly1305(key, nonce, additionalData(parts, names)).encrypt(secret),
  );
  const envelope = { ...parts, ciphertext };
  assertEnvelope(envelope);
  return envelope;
}

/**
 * The secret, with K as the relay unlocked it. Who has the secret wipes it. Throws LockError: INVALID_ENVELOPE for what is
 * none, ENVELOPE_NOT_OPENED when K or any name is another than it was sealed with, or a byte was altered.
 */
export function openEnvelope(envelope: Envelope, kek: Uint8Array, names: EnvelopeNames): Uint8Array {
  assertEnvelope(envelope);
  const bound = additionalData(envelope, names);
  return withKey(kek, envelope.lockedKek.length, (key) => {
    try {
      return xchacha20poly1305(key, envelope.nonce, bound).decrypt(envelope.ciphertext);
    } catch {
      throw new LockError(
        "ENVELOPE_NOT_OPENED",
        "the envelope does not open: of another key, relay or account, or altered",
      );
    }
  });
}

/** Throws LockError unless version, suite and all sizes are right. K^s is not looked at: `beginUnlock` does that. */
export function assertEnvelope(envelope: Envelope): void {
  const { version, suite, relayOrigin, keyId, lockedKek, nonce, ciphertext } = envelope;
  const parameters = suiteParameters(suite);
  if (version !== ENVELOPE_VERSION) throw malformed("of a version that is not known");
  if (parameters === undefined) throw malformed("of a suite that is not known");
  nameBytes(relayOrigin, "a relay's origin");
  keyIdBytes(keyId);
  if (lockedKek.length !== parameters.elementSize)
    throw malformed("with a locked key of another suite's size");
  if (nonce.length !== NONCE_SIZE) throw malformed(`with a nonce of ${nonce.length} bytes`);
  if (ciphertext.length <= TAG_SIZE || ciphertext.length > MAX_SECRET_SIZE + TAG_SIZE) {
    throw malformed(`with a ciphertext of ${ciphertext.length} bytes`);
  }
}

/** A name's UTF-8: 1 to 512 bytes. Throws LockError. */
export function nameBytes(name: string, what: string): Uint8Array {
  // Text with half a surrogate pair would become another text's bytes.
  const bytes = name.length <= MAX_NAME_SIZE && name.isWellFormed() ? utf8ToBytes(name) : new Uint8Array();
  if (bytes.length >= 1 && bytes.length <= MAX_NAME_SIZE) return bytes;
  throw new LockError("INVALID_ENVELOPE", `${what} is no text of 1 to ${MAX_NAME_SIZE} bytes`);
}

function malformed(how: string): LockError {
  return new LockError("INVALID_ENVELOPE", `an envelope is ${how}`);
}

function additionalData(
  { version, suite, relayOrigin, keyId }: Pick<Envelope, "version" | "suite" | "relayOrigin" | "keyId">,
  { accountId, rpId, secretKind }: EnvelopeNames,
): Uint8Array {
  return lp(
    Uint8Array.of(version),
    Uint8Array.of(suite),
    nameBytes(relayOrigin, "a relay's origin"),
    keyIdBytes(keyId),
    nameBytes(accountId, "an account id"),
    nameBytes(rpId, "a relying party's id"),
    nameBytes(secretKind, "a kind of secret"),
  );
}

/** Uses the key that is derived from an encoded K, an element of that size, and wipes it. */
function withKey<T>(kek: Uint8Array, size: number, use: (key: Uint8Array) => T): T {
  assertSize(kek, size, "INVALID_ELEMENT");
  const key = hkdf(sha256, kek, undefined, KEY_INFO, KEY_SIZE);
  try {
    return use(key);
  } finally {
    key.fill(0);
  }
}
