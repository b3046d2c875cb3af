import { randomBytes, webcrypto } from "node:crypto";
import type { Secret } from "@countersign/service-kit";
import type { LockKeyRecord, LockKeyState } from "./lock-key-records.ts";

const DOMAIN = "countersign/edge-lock-key/v1";
/** NIST SP 800-38D: 96 bits, at random. A key seals a few exponents in its life. */
const NONCE_BYTES = 12;

/** Which exponent is sealed. One in grace does not open as a current one: whoever writes to the storage brings none back. */
export interface SealedPlace extends Pick<LockKeyRecord, "suite" | "keyId"> {
  readonly state: Exclude<LockKeyState, "RETIRED">;
}

/** What was sealed, and whether it was with an earlier key. */
export interface Opened {
  /** Secret. */
  readonly exponent: Uint8Array;
  readonly isOld: boolean;
}

/** Seals exponents with AES-256-GCM: a nonce of 12 bytes, then what is encrypted with its tag. */
export class Seals {
  readonly #keys: readonly Secret<Uint8Array<ArrayBuffer>>[];

  /** Keys of 32 bytes: the first seals, all open. */
  constructor(keys: readonly Secret<Uint8Array<ArrayBuffer>>[]) {
    this.#keys = keys;
  }

  async seal(place: SealedPlace, exponent: Uint8Array): Promise<Uint8Array> {
    const [key] = this.#keys;
    if (key === undefined) throw new Error("no key seals");
    const iv = Uint8Array.from(randomBytes(NONCE_BYTES));
    const sealed = await webcrypto.subtle.encrypt(
      parameters(place, iv),
      await imported(key),
      Uint8Array.from(exponent),
    );
    return Buffer.concat([iv, new Uint8Array(sealed)]);
  }

  /** Undefined for what none of the keys has sealed for this place. */
  async open(place: SealedPlace, sealed: Uint8Array): Promise<Opened | undefined> {
    const iv = Uint8Array.from(sealed.subarray(0, NONCE_BYTES));
    const encrypted = Uint8Array.from(sealed.subarray(NONCE_BYTES));
    for (const [i, key] of this.#keys.entries()) {
      const usable = await imported(key);
      try {
        const exponent = await webcrypto.subtle.decrypt(parameters(place, iv), usable, encrypted);
        return { exponent: new Uint8Array(exponent), isOld: i > 0 };
      } catch {
        // Sealed with another one, or not here at all.
      }
    }
    return undefined;
  }
}

function imported(key: Secret<Uint8Array<ArrayBuffer>>): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("raw", key.reveal(), "AES-GCM", false, ["encrypt", "decrypt"]);
}

function parameters({ suite, keyId, state }: SealedPlace, iv: Uint8Array<ArrayBuffer>) {
  const additionalData = new TextEncoder().encode(JSON.stringify([DOMAIN, suite, keyId, state]));
  return { name: "AES-GCM", iv, additionalData };
}
