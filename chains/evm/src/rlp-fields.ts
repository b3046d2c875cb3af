import { bytesToHex } from "@noble/hashes/utils.js";
import { EvmError } from "./evm-error.ts";
import type { RlpItem } from "./rlp.ts";

const ADDRESS_SIZE = 20;

/** The items of a list that has exactly `size` of them; throws EvmError, as all readers here. */
export function listOf(item: RlpItem | undefined, what: string, size?: number): readonly RlpItem[] {
  if (item === undefined || isBytes(item)) throw new EvmError(`${what} is no list`);
  if (size !== undefined && item.length !== size) {
    throw new EvmError(`${what} has ${item.length} fields and not ${size}`);
  }
  return item;
}

export function bytesOf(item: RlpItem | undefined, what: string): Uint8Array {
  if (item === undefined || !isBytes(item)) throw new EvmError(`${what} is no string of bytes`);
  return item;
}

/** A number of at most `size` bytes, without zeros in front. */
export function uintOf(item: RlpItem | undefined, what: string, size: number): bigint {
  const bytes = bytesOf(item, what);
  if (bytes.length > size) throw new EvmError(`${what} has more than ${size} bytes`);
  if (bytes[0] === 0) throw new EvmError(`${what} begins with a zero`);
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

/** An address in lower case, for example "0xd8da6bf26964af9d7eed9e03e53415d37aa96045". */
export function addressOf(item: RlpItem | undefined, what: string): string {
  const bytes = bytesOf(item, what);
  if (bytes.length !== ADDRESS_SIZE) throw new EvmError(`${what} is no address of 20 bytes`);
  return `0x${bytesToHex(bytes)}`;
}

/** An address, or null for an empty string. */
export function optionalAddressOf(item: RlpItem | undefined, what: string): string | null {
  return bytesOf(item, what).length === 0 ? null : addressOf(item, what);
}

/** Whether the item is a string; a type guard that Array.isArray is not for readonly lists. */
function isBytes(item: RlpItem): item is Uint8Array {
  return item instanceof Uint8Array;
}
