import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { type Payload, readPayload } from "./read-payload.ts";

const CONTRACT = "70997970c51812dc3a010c7d01b50e0d17dc79c8";
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
/** EIP-155's own example: 1 ether to 0x35…35 on chain 1, and its signing hash. */
const EXAMPLE = bytes(
  "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080",
);
const EXAMPLE_DIGEST = "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53";
const domain = { chainId: 1, verifyingContract: `0x${CONTRACT}` };
const EIP712Domain = [
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];
const typedData = {
  types: { EIP712Domain, Vote: [{ name: "yes", type: "bool" }] },
  primaryType: "Vote",
  domain,
  message: { yes: true },
};

test.each<readonly [string, Payload, string, object]>([
  [
    "a transaction",
    { kind: "evm transactions", transactions: [EXAMPLE] },
    "EVM_TRANSACTION",
    { kind: "call", chainId: 1n, to: `0x${"35".repeat(20)}`, value: 10n ** 18n, selector: "0x" },
  ],
  ["a message", { kind: "evm message", message: bytes("68") }, "EVM_MESSAGE", { kind: "message" }],
  [
    "typed data",
    { kind: "evm typed data", json: JSON.stringify(typedData) },
    "EVM_TYPED_DATA",
    { kind: "typed data", chainId: 1n, verifyingContract: `0x${CONTRACT}`, primaryType: "Vote" },
  ],
  [
    "an authorisation",
    { kind: "evm authorization", authorization: { chainId: 1n, contract: bytes(CONTRACT), nonce: 0n } },
    "EVM_AUTHORIZATION",
    { kind: "authorisation", chainId: 1n, contract: `0x${CONTRACT}` },
  ],
  ["a raw digest", { kind: "raw digest", digest: new Uint8Array(32) }, "RAW_DIGEST", { kind: "raw digest" }],
])("%s has its purpose and what it would do", (_, payload, purpose, wish) => {
  const intent = readPayload(payload);
  expect(intent).toMatchObject({ schemeId: "threshold-secp256k1-ecdsa-2p-v1", purpose, wishes: [wish] });
  expect(intent.digests.map((digest) => digest.length)).toEqual([32]);
});

test("a batch has a digest for each transaction, and the wishes of all", () => {
  const intent = readPayload({ kind: "evm transactions", transactions: [EXAMPLE, EXAMPLE] });
  const hex = intent.digests.map((digest) => Buffer.from(digest).toString("hex"));
  expect(hex).toEqual([EXAMPLE_DIGEST, EXAMPLE_DIGEST]);
  expect("wishes" in intent && intent.wishes).toHaveLength(2);
});

test.each<readonly [string, Payload, string]>([
  [
    "a transaction without a chain id",
    {
      kind: "evm transactions",
      transactions: [EXAMPLE, bytes(`e9${Buffer.from(EXAMPLE.subarray(1, -3)).toString("hex")}`)],
    },
    "transaction 1: a transaction without a chain id",
  ],
  [
    "typed data without a domain",
    { kind: "evm typed data", json: JSON.stringify({ ...typedData, domain: {} }) },
    "typed data: ",
  ],
  [
    "an authorisation for all chains",
    { kind: "evm authorization", authorization: { chainId: 0n, contract: bytes(CONTRACT), nonce: 0n } },
    "authorisation: ",
  ],
])("%s is malformed", (_, payload, message) => {
  expect(() => readPayload(payload)).toThrow(
    expect.objectContaining({
      reason: ErrorReason.PAYLOAD_MALFORMED,
      message: expect.stringContaining(message),
    }),
  );
});
