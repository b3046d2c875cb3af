import { createHash } from "node:crypto";
import {
  privateKeyFromSeed,
  publicKeyOf,
} from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { base58 } from "@scure/base";
import type { Needle } from "./needles.ts";

/** The order of Ed25519's group (RFC 8032, section 5.1). */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/**
 * Every form in which an Ed25519 seed may be written: those of its bytes, of both halves of what RFC 8032 (section
 * 5.1.5) expands it to, of the scalar reduced as libraries keep it, and NEAR's text. What contains the seed's bytes,
 * such as PKCS#8 or seed and public key together, is found by them.
 */
export function seedForms(name: string, seed: Uint8Array): Needle[] {
  const expanded = createHash("sha512").update(seed).digest();
  const scalar = expanded.subarray(0, 32);
  scalar[0] = (scalar[0] ?? 0) & 0xf8;
  scalar[31] = ((scalar[31] ?? 0) & 0x7f) | 0x40;
  const reduced = (BigInt(`0x${reversed(scalar).toString("hex")}`) % ORDER).toString(16).padStart(64, "0");
  return [
    ...bytesForms(name, seed),
    ...bytesForms(`${name}, clamped scalar`, scalar),
    ...bytesForms(`${name}, reduced scalar`, reversed(Buffer.from(reduced, "hex"))),
    ...bytesForms(`${name}, prefix of its nonces`, expanded.subarray(32)),
    ...textEncodings(
      `${name}, NEAR's text`,
      base58.encode(Buffer.concat([seed, publicKeyOf(privateKeyFromSeed(seed)).data])),
    ),
  ];
}

/** The same for a secret that is text: a passphrase, a PIN. */
export function textForms(name: string, text: string): Needle[] {
  return [...textEncodings(name, text), ...bytesForms(name, Buffer.from(text)).slice(1)];
}

/** A form of text, as UTF-8 and as strings of two bytes a character lie in memory. */
export function textEncodings(name: string, text: string): Needle[] {
  return [
    { name, bytes: Buffer.from(text) },
    { name: `${name}, UTF-16`, bytes: Buffer.from(text, "utf16le") },
  ];
}

/** The bytes themselves come first. The whole number that they are lies reversed in memory. */
function bytesForms(name: string, value: Uint8Array): Needle[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const texts: [string, string][] = [
    ["hex", hex],
    ["upper hex", hex.toUpperCase()],
    ["base58", base58.encode(bytes)],
    ["numbers", bytes.join(",")],
    ...[0, 1, 2].flatMap((offset): [string, string][] => [
      [`base64 at ${offset}`, base64At(bytes, offset, "base64")],
      [`base64url at ${offset}`, base64At(bytes, offset, "base64url")],
    ]),
  ];
  return [
    { name, bytes },
    { name: `${name}, reversed`, bytes: reversed(bytes) },
    ...texts.flatMap(([form, text]) => textEncodings(`${name}, ${form}`, text)),
  ];
}

/** The characters that depend on these bytes alone, where `offset` others go before them in the same text. */
function base64At(bytes: Buffer, offset: number, encoding: "base64" | "base64url"): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(3)]).toString(encoding);
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function reversed(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes).reverse();
}
