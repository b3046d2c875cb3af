import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { hashMessage } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hashAuthorization } from "viem/utils";
import { expect, test } from "vitest";
import { evmAddress } from "./address.ts";
import { authorizationDigest } from "./authorization.ts";
import { EvmError } from "./evm-error.ts";
import { personalMessageDigest } from "./personal-message.ts";

const CONTRACT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const contract = hexToBytes(CONTRACT.slice(2));
const hex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`;

test.each(["", "hello", "größer 🙂", "x".repeat(1_000)])(
  "the message %j is hashed as viem hashes it",
  (text) => {
    expect(hex(personalMessageDigest(utf8ToBytes(text)))).toBe(hashMessage(text));
  },
);

test.each([
  [1, 0],
  [1, 1],
  [127, 127],
  [128, 128],
  [8453, 256],
  [Number.MAX_SAFE_INTEGER, 2 ** 32],
])("an authorisation for chain %i at nonce %i is hashed as viem hashes it", (chainId, nonce) => {
  const digest = authorizationDigest({ chainId: BigInt(chainId), contract, nonce: BigInt(nonce) });
  expect(hex(digest)).toBe(hashAuthorization({ chainId, address: CONTRACT, nonce }));
});

test.each([
  ["chain 0", { chainId: 0n, contract, nonce: 0n }],
  ["a chain beyond 8 bytes", { chainId: 2n ** 64n, contract, nonce: 0n }],
  ["the last nonce of all", { chainId: 1n, contract, nonce: 2n ** 64n - 1n }],
  ["a short contract", { chainId: 1n, contract: contract.subarray(1), nonce: 0n }],
])("an authorisation for %s is refused", (_, authorization) => {
  expect(() => authorizationDigest(authorization)).toThrow(EvmError);
});

test("a public key's account is the one that viem names, from both of its forms", () => {
  const { address, publicKey } = privateKeyToAccount(`0x${"46".repeat(32)}`);
  const whole = hexToBytes(publicKey.slice(2));
  const parity = (whole[64] ?? 0) % 2;
  expect(evmAddress(whole)).toBe(address.toLowerCase());
  expect(evmAddress(Uint8Array.of(2 + parity, ...whole.subarray(1, 33)))).toBe(address.toLowerCase());
});
