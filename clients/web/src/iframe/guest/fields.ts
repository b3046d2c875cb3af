// Reads values of a parsed JSON text, strictly. All throw REQUEST_INVALID, which names the place.
import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { isPublicKey, isValidAccountId, type PublicKey, parsePublicKey } from "@countersign/near";
import type { Hex } from "../api.ts";
import { type EmbeddedWalletError, frameError } from "../embedded-wallet-error.ts";

export function invalid(where: string, what: string): EmbeddedWalletError {
  return frameError("REQUEST_INVALID", `${where} ${what}`);
}

/** The fields of an object that has all of `required`, maybe some of `optional`, and no other. */
export function record<R extends string, O extends string = never>(
  value: unknown,
  where: string,
  required: readonly R[],
  optional: readonly O[] = [],
): Record<R, unknown> & Partial<Record<O, unknown>> {
  const found = anyRecord(value, where);
  for (const name of required) {
    if (!Object.hasOwn(found, name)) throw invalid(where, `has no ${name}`);
  }
  const known: readonly string[] = [...required, ...optional];
  for (const name of Object.keys(found)) {
    if (!known.includes(name))
      throw invalid(where, `has a field that is not known: ${JSON.stringify(name.slice(0, 64))}`);
  }
  return found as Record<R, unknown> & Partial<Record<O, unknown>>;
}

/** An object of any fields, which are all its own. */
export function anyRecord(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(where, "is not an object");
  }
  // Without a prototype a field that is not there is never found further up.
  return Object.assign(Object.create(null), value);
}

export function list(value: unknown, where: string, min: number, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(where, "is not a list");
  if (value.length < min || value.length > max) throw invalid(where, `has not ${min} to ${max} entries`);
  return value;
}

/** @param max UTF-16 units. Halves of surrogate pairs are refused: encoded, they would be something else. */
export function text(value: unknown, where: string, max: number): string {
  if (typeof value !== "string" || value.length > max || !value.isWellFormed()) {
    throw invalid(where, `is not a text of at most ${max} characters`);
  }
  return value;
}

/** A non-negative integer as decimal text, without sign or leading zeros. */
export function decimal(value: unknown, where: string, bits: number): bigint {
  if (typeof value === "string" && /^(0|[1-9]\d{0,77})$/.test(value)) {
    const number = BigInt(value);
    if (number < 1n << BigInt(bits)) return number;
  }
  throw invalid(where, `is not a decimal text below 2^${bits}`);
}

/** A safe integer, from `min` up. */
export function integer(value: unknown, where: string, min: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw invalid(where, `is not an integer from ${min} up`);
  }
  return value as number;
}

/** The bytes of canonical base64 with padding. */
export function base64(value: unknown, where: string, maxBytes: number): Uint8Array {
  const encoded = text(value, where, Math.ceil(maxBytes / 3) * 4);
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(encoded) && encoded.length % 4 === 0) {
    const bytes = base64Decode(encoded);
    if (bytes.length <= maxBytes && base64Encode(bytes) === encoded) return bytes;
  }
  throw invalid(where, `is not base64 of at most ${maxBytes} bytes`);
}

/** "0x" and whole bytes, in lower case afterwards. @param bytes how many exactly, or the most with `max` */
export function hex(value: unknown, where: string, bytes: number | { readonly max: number }): Hex {
  if (typeof value === "string" && /^0x([0-9a-fA-F]{2})*$/.test(value)) {
    const size = value.length / 2 - 1;
    if (typeof bytes === "number" ? size === bytes : size <= bytes.max) return value.toLowerCase() as Hex;
  }
  const size = typeof bytes === "number" ? `${bytes}` : `at most ${bytes.max}`;
  throw invalid(where, `is not hexadecimal of ${size} bytes`);
}

export function accountId(value: unknown, where: string): string {
  if (typeof value !== "string" || !isValidAccountId(value)) throw invalid(where, "is not an account name");
  return value;
}

export function publicKey(value: unknown, where: string): PublicKey {
  if (typeof value !== "string" || !isPublicKey(value)) throw invalid(where, "is not a public key");
  return parsePublicKey(value);
}
