import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { assertEvmAllowed } from "./evm-policy.ts";
import { evmPolicySchema } from "./evm-policy-schema.ts";
import type { EvmWish } from "./evm-wish.ts";

const TOKEN = `0x${"aa".repeat(20)}`;
const SHOP = `0x${"bb".repeat(20)}`;
const STRANGER = `0x${"cc".repeat(20)}`;
const TRANSFER = "0xa9059cbb";

const POLICY = evmPolicySchema.parse({
  chains: [
    {
      chain_id: 1,
      calls: [
        { recipient: TOKEN, selectors: [TRANSFER] },
        { recipient: SHOP, selectors: "any", max_value: "100" },
        { recipient: "any", selectors: ["0x"], max_value: "10" },
      ],
      typed_data: [{ verifying_contract: TOKEN, primary_types: ["Permit"] }],
      authorizations: [SHOP],
    },
    { chain_id: 10, contract_creation: true },
  ],
});
const NOTHING = evmPolicySchema.parse({});

const call = { kind: "call", chainId: 1n, to: TOKEN, value: 0n, selector: TRANSFER } as const;
const typed = { kind: "typed data", chainId: 1n, verifyingContract: TOKEN, primaryType: "Permit" } as const;
const delegation = { kind: "authorisation", chainId: 1n, contract: SHOP } as const;
const creation = { ...call, chainId: 10n, to: null, selector: "0x60806040" };
const denied = (message: RegExp) =>
  expect.objectContaining({
    reason: ErrorReason.EVM_POLICY_DENIED,
    message: expect.stringMatching(message),
  });

const ALLOWED: readonly (readonly [string, EvmWish])[] = [
  ["a call by recipient and selector", call],
  ["any call of a recipient", { ...call, to: SHOP, value: 100n }],
  ["short data where any data is allowed", { ...call, to: SHOP, selector: null }],
  ["a transfer to anybody", { ...call, to: STRANGER, selector: "0x", value: 10n }],
  ["a creation", creation],
  ["typed data by contract and type", typed],
  ["an authorisation by contract", delegation],
];

test.each(ALLOWED)("%s is allowed", (_, wish) => {
  assertEvmAllowed(POLICY, [wish]);
  expect(() => assertEvmAllowed(NOTHING, [wish])).toThrow(denied(/policy for EVM/));
});

test.each<readonly [string, EvmWish, RegExp]>([
  ["another recipient", { ...call, to: STRANGER }, /calls of 0xa9059cbb at 0xcc/],
  ["another selector", { ...call, selector: "0x095ea7b3" }, /0x095ea7b3/],
  ["short data", { ...call, selector: null }, /short data/],
  ["value beyond the rule", { ...call, value: 1n }, /1 wei/],
  ["value beyond the rule of any call", { ...call, to: SHOP, value: 101n }, /101 wei/],
  ["a value that another rule has", { ...call, to: STRANGER, selector: "0x", value: 11n }, /11 wei/],
  ["another chain", { ...call, chainId: 10n }, /chain 10$/],
  ["a chain that nobody names", { ...call, chainId: 2n ** 60n }, /chain 1152921504606846976$/],
  ["a creation", { ...call, to: null }, /creation/],
  ["a creation with value", { ...creation, value: 1n }, /creation/],
  ["typed data of another type", { ...typed, primaryType: "Order" }, /Order/],
  ["typed data for another contract", { ...typed, verifyingContract: SHOP }, /typed data/],
  ["typed data on another chain", { ...typed, chainId: 10n }, /chain 10/],
  ["an authorisation of another contract", { ...delegation, contract: TOKEN }, /authorisations of 0xaa/],
  ["an authorisation on another chain", { ...delegation, chainId: 10n }, /chain 10/],
  ["a key's authorisation", { kind: "key authorisation" }, /authorise a key/],
  ["a message", { kind: "message" }, /messages/],
  ["a raw digest", { kind: "raw digest" }, /raw digests/],
])("%s is denied", (_, wish, message) => {
  expect(() => assertEvmAllowed(POLICY, [wish])).toThrow(denied(message));
});

test("one wish that is denied denies all", () => {
  const wishes = ALLOWED.map(([, wish]) => wish);
  assertEvmAllowed(POLICY, wishes);
  for (let at = 0; at <= wishes.length; at++) {
    const among = wishes.toSpliced(at, 0, { kind: "message" });
    expect(() => assertEvmAllowed(POLICY, among)).toThrow(denied(/messages/));
  }
});

test("messages and raw digests are allowed by their own words", () => {
  assertEvmAllowed(evmPolicySchema.parse({ messages: true }), [{ kind: "message" }]);
  assertEvmAllowed(evmPolicySchema.parse({ raw_digests: true }), [{ kind: "raw digest" }]);
});
