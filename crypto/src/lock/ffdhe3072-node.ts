// Exponentiation modulo ffdhe3072 with Node's OpenSSL.
import { createPrivateKey, createPublicKey } from "node:crypto";
import { numberToBytesBE } from "@noble/curves/utils.js";
import { P, type SecretPower } from "./ffdhe3072-power.ts";
import { FFDHE3072 } from "./lock-suite.ts";

const SIZE = FFDHE3072.elementSize;
const PRIME = numberToBytesBE(P, SIZE);

/** DER's tags. */
const [INTEGER, BIT_STRING, OCTET_STRING, SEQUENCE] = [0x02, 0x03, 0x04, 0x30];
/** The object identifier of PKCS #3's dhKeyAgreement, 1.2.840.113549.1.3.1. */
const DH_KEY_AGREEMENT = Uint8Array.of(0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1);

/**
 * The power of a secret exponent, in constant time. A public key of Diffie–Hellman is generator^key, so the
 * base goes in as the generator. Node's DiffieHellman would do as well, but for its two seconds of looking at the prime.
 */
export const opensslPower: SecretPower = (base, exponent) => {
  const pkcs8 = new DerWriter(4 * SIZE);
  try {
    pkcs8.integer(exponent).wrap(OCTET_STRING, 0);
    const afterGroup = pkcs8.length;
    pkcs8.integer(base).integer(PRIME).wrap(SEQUENCE, afterGroup);
    pkcs8.put(DH_KEY_AGREEMENT).wrap(SEQUENCE, afterGroup);
    pkcs8.integer(Uint8Array.of(0)).wrap(SEQUENCE, 0);
    const key = createPrivateKey({ key: pkcs8.bytes(), format: "der", type: "pkcs8" });
    return readPublicKey(createPublicKey(key).export({ format: "der", type: "spki" }));
  } finally {
    pkcs8.wipe();
  }
};

/** Writes from the end to the beginning, so that lengths are known when they are written: one buffer, which can be wiped. */
class DerWriter {
  readonly #buffer: Buffer;
  #start: number;

  constructor(capacity: number) {
    this.#buffer = Buffer.alloc(capacity);
    this.#start = capacity;
  }

  /** Bytes that were written. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(this.#start);
  }

  put(bytes: Uint8Array): this {
    this.#start -= bytes.length;
    this.#buffer.set(bytes, this.#start);
    return this;
  }

  /** A number that is not negative, big-endian. */
  integer(bytes: Uint8Array): this {
    const after = this.length;
    let zeros = 0;
    while (zeros < bytes.length - 1 && bytes[zeros] === 0) zeros++;
    this.put(bytes.subarray(zeros));
    if ((bytes[zeros] ?? 0) >= 0x80) this.put(Uint8Array.of(0));
    return this.wrap(INTEGER, after);
  }

  /** Puts tag and length before all that was written since the length was `after`. */
  wrap(tag: number, after: number): this {
    const length = this.length - after;
    if (length < 0x80) return this.put(Uint8Array.of(tag, length));
    if (length < 0x100) return this.put(Uint8Array.of(tag, 0x81, length));
    return this.put(Uint8Array.of(tag, 0x82, length >> 8, length));
  }

  wipe(): void {
    this.#buffer.fill(0);
  }
}

/** The number in a SubjectPublicKeyInfo of OpenSSL's. */
function readPublicKey(spki: Uint8Array): Uint8Array {
  const [, body] = readDer(spki, SEQUENCE);
  const [algorithm] = readDer(body, SEQUENCE);
  const [, bits] = readDer(body.subarray(algorithm), BIT_STRING);
  // The first byte says how many bits are unused: none.
  const [, number] = readDer(bits.subarray(1), INTEGER);
  const significant = number[0] === 0 ? number.subarray(1) : number;
  const padded = new Uint8Array(SIZE);
  padded.set(significant, SIZE - significant.length);
  return padded;
}

/** How many bytes the value at the beginning takes, and its content. */
function readDer(der: Uint8Array, tag: number): [size: number, content: Uint8Array] {
  const [first = 0, second = 0, third = 0, fourth = 0] = der;
  if (first !== tag) throw new TypeError("OpenSSL gave no public key of Diffie–Hellman");
  const header = second < 0x80 ? 2 : second === 0x81 ? 3 : 4;
  const length = second < 0x80 ? second : second === 0x81 ? third : (third << 8) | fourth;
  return [header + length, der.subarray(header, header + length)];
}
