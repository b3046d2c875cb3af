// Envelopes as bytes, for storage that keeps bytes: the fields in their order, each with its length before it.
import { base64urlnopad } from "@scure/base";
import { lp } from "../length-prefixed.ts";
import {
  assertEnvelope,
  ENVELOPE_VERSION,
  type Envelope,
  MAX_NAME_SIZE,
  MAX_SECRET_SIZE,
  NONCE_SIZE,
  nameBytes,
  TAG_SIZE,
} from "./envelope.ts";
import { KEY_ID_SIZE, keyIdBytes } from "./key-id.ts";
import { LockError } from "./lock-error.ts";
import { FFDHE3072 } from "./lock-suite.ts";

const LENGTH_SIZE = 4;

/**
 * LP(version byte) ‖ LP(suite byte) ‖ LP(relay's origin) ‖ LP(key id's bytes) ‖ LP(K^s) ‖ LP(nonce) ‖ LP(ciphertext), with
 * LP(b) = length of b (4 bytes, little-endian) ‖ b. Throws LockError for what is no envelope.
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  assertEnvelope(envelope);
  const { version, suite, relayOrigin, keyId, lockedKek, nonce, ciphertext } = envelope;
  return lp(
    Uint8Array.of(version),
    Uint8Array.of(suite),
    nameBytes(relayOrigin, "a relay's origin"),
    keyIdBytes(keyId),
    lockedKek,
    nonce,
    ciphertext,
  );
}

/** The envelope in these bytes, and nothing else in them. Copies. Throws LockError (INVALID_ENVELOPE). */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  let at = 0;
  /** The next field, which has at most that many bytes. */
  const take = (limit: number): Uint8Array => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const size = at + LENGTH_SIZE <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    const start = at + LENGTH_SIZE;
    if (size > limit || start + size > bytes.length) throw malformed();
    at = start + size;
    return bytes.slice(start, at);
  };
  const [version, suite] = [take(1)[0], take(1)[0]];
  if (version !== ENVELOPE_VERSION || suite === undefined) throw malformed();
  const envelope: Envelope = {
    version,
    suite,
    relayOrigin: text(take(MAX_NAME_SIZE)),
    keyId: base64urlnopad.encode(take(KEY_ID_SIZE)),
    lockedKek: take(FFDHE3072.elementSize),
    nonce: take(NONCE_SIZE),
    ciphertext: take(MAX_SECRET_SIZE + TAG_SIZE),
  };
  if (at !== bytes.length) throw malformed();
  assertEnvelope(envelope);
  return envelope;
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed();
  }
}

function malformed(): LockError {
  return new LockError("INVALID_ENVELOPE", "these bytes are no envelope");
}
