import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { lp } from "@countersign/crypto/length-prefixed.ts";

/** Where a sealed value stands. It opens there and nowhere else. */
export interface SealPlace {
  readonly purpose:
    | "relayer-nonces"
    | "answer"
    | "presign-run"
    | "presign-answer"
    | "presignature"
    | "lock-key";
  /** The signing or presign session, or the presignature; of a lock key, its suite's byte. */
  readonly sessionId: string;
  readonly stage: "open" | "done" | `version ${number}`;
  /** The threshold or lock key. */
  readonly keyId: string;
}

/** Of the sealed form: version, id of the sealing key, nonce, then ciphertext and tag. */
const VERSION = 1;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + ID_BYTES + NONCE_BYTES;

const CIPHER = "aes-256-gcm";
const DOMAIN = "countersign/sealed-state/v1";

interface SealingKey {
  readonly id: Buffer;
  readonly secret: Uint8Array;
}

/**
 * Seals what the store keeps of the protocol: AES-256-GCM (NIST SP 800-38D) under a key of the place's own, which
 * HKDF-SHA256 gives from a sealing key; so no key seals more than a few values. Additional data are the place, the
 * version and the sealing key's id.
 */
export class Seals {
  readonly #keys: readonly SealingKey[];

  /** Keys of 32 bytes. The first one seals; the others open what they have sealed before. */
  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map((secret) => ({ id: derived(secret, "id", ID_BYTES), secret }));
  }

  seal(place: SealPlace, plaintext: Uint8Array): Uint8Array {
    const [key] = this.#keys;
    if (key === undefined) throw new Error("there is no sealing key");
    const nonce = randomBytes(NONCE_BYTES);
    const header = Buffer.concat([Buffer.of(VERSION), key.id, nonce]);
    const cipher = createCipheriv(CIPHER, placeKey(key, place), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place, header));
    return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /** In memory of its own. Undefined for what was sealed elsewhere, or under a key that is not here, or was changed. */
  open(place: SealPlace, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < HEADER_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
    const header = sealed.subarray(0, HEADER_BYTES);
    const key = this.#keys.find(({ id }) => id.equals(header.subarray(1, 1 + ID_BYTES)));
    if (key === undefined) return undefined;
    const nonce = header.subarray(1 + ID_BYTES);
    const decipher = createDecipheriv(CIPHER, placeKey(key, place), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(place, header));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const plaintext = decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES));
    try {
      // GCM's end has no bytes of its own; it throws for what was changed.
      decipher.final();
    } catch {
      plaintext.fill(0);
      return undefined;
    }
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  }
}

function placeKey({ secret }: SealingKey, place: SealPlace): Buffer {
  return derived(secret, "key", 32, namesOf(place));
}

function derived(
  secret: Uint8Array,
  what: string,
  bytes: number,
  info: Uint8Array = Buffer.alloc(0),
): Buffer {
  const salt = `${DOMAIN}/${what}`;
  return Buffer.from(hkdfSync("sha256", secret, salt, info, bytes));
}

/** The header without the nonce, which is authenticated anyway. */
function additionalData(place: SealPlace, header: Uint8Array): Uint8Array {
  return lp(Buffer.from(DOMAIN), header.subarray(0, 1 + ID_BYTES), namesOf(place));
}

function namesOf({ purpose, sessionId, stage, keyId }: SealPlace): Uint8Array {
  return lp(...[purpose, sessionId, stage, keyId].map((name) => Buffer.from(name)));
}
