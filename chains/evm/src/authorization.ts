import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { EvmError } from "./evm-error.ts";

/** Lets an account run a contract's code (EIP-7702). */
export interface EvmAuthorization {
  /** Never 0, which would stand for all chains. */
  readonly chainId: bigint;
  /** 20 bytes. */
  readonly contract: Uint8Array;
  /** Of the account: below 2^64 - 1 (EIP-2681). */
  readonly nonce: bigint;
}

/** What stands before that which is hashed. */
const MAGIC = 0x05;
const ADDRESS_SIZE = 20;
const U64_LIMIT = 2n ** 64n;

/** Keccak-256 of the magic byte and RLP of chain id, contract and nonce. Throws EvmError for chain 0 too. */
export function authorizationDigest({ chainId, contract, nonce }: EvmAuthorization): Uint8Array {
  if (chainId <= 0n || chainId >= U64_LIMIT) throw new EvmError("an authorisation for no chain, or for all");
  if (contract.length !== ADDRESS_SIZE) throw new EvmError("a contract's address has 20 bytes");
  if (nonce < 0n || nonce >= U64_LIMIT - 1n) throw new EvmError("a nonce out of its range");
  const body = concatBytes(rlpString(uintBytes(chainId)), rlpString(contract), rlpString(uintBytes(nonce)));
  // At most 39 bytes, so that one byte says how many.
  return keccak_256(concatBytes(Uint8Array.of(MAGIC, 0xc0 + body.length), body));
}

/** A string of at most 55 bytes. */
function rlpString(bytes: Uint8Array): Uint8Array {
  const isItself = bytes.length === 1 && (bytes[0] ?? 0) < 0x80;
  return isItself ? bytes : concatBytes(Uint8Array.of(0x80 + bytes.length), bytes);
}

/** Big-endian, without zeros in front; nothing for 0. */
function uintBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array();
  const hex = value.toString(16);
  return hexToBytes(hex.padStart(hex.length + (hex.length % 2), "0"));
}
