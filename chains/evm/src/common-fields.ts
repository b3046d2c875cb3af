import { bytesToHex } from "@noble/hashes/utils.js";
import { EvmError } from "./evm-error.ts";
import type { RlpItem } from "./rlp.ts";
import { addressOf, bytesOf, listOf, optionalAddressOf, uintOf } from "./rlp-fields.ts";
import type { EvmCall } from "./transaction-facts.ts";

/** Sizes of numbers, in bytes. */
export const U64 = 8;
export const U256 = 32;

const SELECTOR_SIZE = 4;
const STORAGE_KEY_SIZE = 32;

/** A chain's id: never 0, which stands for all chains or none. */
export function chainIdOf(item: RlpItem | undefined, what = "the chain id"): bigint {
  const chainId = uintOf(item, what, U64);
  if (chainId === 0n) throw new EvmError(`${what} is 0`);
  return chainId;
}

/** Recipient, value and data, three items of a transaction. */
export function callOf(
  to: RlpItem | undefined,
  value: RlpItem | undefined,
  data: RlpItem | undefined,
): EvmCall {
  return {
    to: optionalAddressOf(to, "the recipient"),
    value: uintOf(value, "the value", U256),
    selector: selectorOf(bytesOf(data, "the data")),
  };
}

function selectorOf(data: Uint8Array): string | null {
  if (data.length > 0 && data.length < SELECTOR_SIZE) return null;
  return `0x${bytesToHex(data.subarray(0, SELECTOR_SIZE))}`;
}

/** An access list (EIP-2930): it moves nothing, and is read for its form. */
export function assertAccessList(item: RlpItem | undefined): void {
  for (const entry of listOf(item, "the access list")) {
    const [address, keys] = listOf(entry, "an entry of the access list", 2);
    addressOf(address, "an address of the access list");
    for (const key of listOf(keys, "storage keys")) {
      if (bytesOf(key, "a storage key").length !== STORAGE_KEY_SIZE) {
        throw new EvmError("a storage key has not 32 bytes");
      }
    }
  }
}
