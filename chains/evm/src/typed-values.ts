import { keccak_256 } from "@noble/hashes/sha3.js";
import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { EvmError } from "./evm-error.ts";
import { textOf } from "./json-values.ts";
import type { Elementary } from "./typed-data-types.ts";

const WORD = 32;
const HEX_BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
/** A number that is written as text: 256 bits have at most 78 decimal digits. */
const DECIMAL = /^-?(?:0|[1-9][0-9]{0,77})$/;
const HEX_NUMBER = /^0x[0-9a-fA-F]{1,64}$/;

/** The word that stands for a value of an elementary type (EIP-712, encodeData). Throws EvmError. */
export function wordOf(type: Elementary, value: unknown, what: string): Uint8Array {
  switch (type.kind) {
    case "bool":
      if (typeof value !== "boolean") throw new EvmError(`${what} is neither true nor false`);
      return numberWord(value ? 1n : 0n);
    case "address":
      return leftPadded(hexToBytes(typedAddress(value, what).slice(2)));
    case "string":
      return keccak_256(utf8ToBytes(textOf(value, what)));
    case "bytes":
      return keccak_256(bytesOf(value, what));
    case "fixed bytes": {
      const bytes = bytesOf(value, what);
      if (bytes.length !== type.bytes) throw new EvmError(`${what} has not ${type.bytes} bytes`);
      const word = new Uint8Array(WORD);
      word.set(bytes);
      return word;
    }
    case "uint":
    case "int":
      return numberWord(numberOf(type, value, what));
  }
}

/** An address, in lower case. Throws EvmError. */
export function typedAddress(value: unknown, what: string): string {
  if (typeof value !== "string" || !ADDRESS.test(value)) throw new EvmError(`${what} is no address`);
  return value.toLowerCase();
}

/**
 * A number of JSON that JavaScript holds exactly, or text in decimal or hexadecimal digits, in the type's range. Throws
 * EvmError.
 */
export function numberOf(
  { kind, bits }: { readonly kind: "uint" | "int"; readonly bits: number },
  value: unknown,
  what: string,
): bigint {
  const number = exactNumber(value);
  if (number === undefined) throw new EvmError(`${what} is no number that can be read exactly`);
  const limit = 2n ** BigInt(kind === "uint" ? bits : bits - 1);
  if (number >= limit || number < (kind === "uint" ? 0n : -limit)) {
    throw new EvmError(`${what} is out of the range of ${kind}${bits}`);
  }
  return number;
}

function exactNumber(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== "string") return undefined;
  return DECIMAL.test(value) || HEX_NUMBER.test(value) ? BigInt(value) : undefined;
}

function bytesOf(value: unknown, what: string): Uint8Array {
  if (typeof value !== "string" || !HEX_BYTES.test(value))
    throw new EvmError(`${what} is not bytes in hexadecimal`);
  return hexToBytes(value.slice(2));
}

/** Big-endian, in two's complement. */
function numberWord(value: bigint): Uint8Array {
  return leftPadded(hexToBytes(BigInt.asUintN(256, value).toString(16).padStart(64, "0")));
}

function leftPadded(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(WORD);
  word.set(bytes, WORD - bytes.length);
  return word;
}
