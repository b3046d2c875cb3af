import { expect, test } from "vitest";
import { evmPolicySchema } from "./evm-policy-schema.ts";

const ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const call = { recipient: ADDRESS, selectors: ["0xA9059CBB", "0x"], max_value: "1000000000000000000" };
const chain = (more: object = {}) => ({ chains: [{ chain_id: 8453, ...more }] });
const calls = (more: object) => chain({ calls: [{ ...call, ...more }] });

test("a policy is read in lower case, and has nothing that it does not say", () => {
  expect(evmPolicySchema.parse({})).toEqual({ chains: [], messages: false, rawDigests: false });
  const typed_data = [{ verifying_contract: ADDRESS, primary_types: ["Permit"] }];
  const read = evmPolicySchema.parse(chain({ calls: [call], typed_data, authorizations: [ADDRESS] }));
  const address = ADDRESS.toLowerCase();
  expect(read.chains).toEqual([
    {
      chainId: 8453n,
      calls: [{ recipient: address, selectors: ["0xa9059cbb", "0x"], maxValue: 10n ** 18n }],
      contractCreation: false,
      typedData: [{ verifyingContract: address, primaryTypes: ["Permit"] }],
      authorizations: [address],
    },
  ]);
  const any = evmPolicySchema.parse(chain({ calls: [{ recipient: "any", selectors: "any" }] }));
  expect(any.chains[0]?.calls).toEqual([{ recipient: "any", selectors: "any", maxValue: 0n }]);
});

test.each<readonly [string, object, RegExp]>([
  ["an address that YAML read as a number", calls({ recipient: 0x1234 }), /"any" or an address/],
  ["an authorisation that YAML read as a number", chain({ authorizations: [1] }), /in quotes/],
  ["a short address", chain({ authorizations: ["0x1234"] }), /20 bytes/],
  ["a selector that YAML read as a number", calls({ selectors: [0xa9059cbb] }), /in quotes/],
  ["no selectors", calls({ selectors: [] }), />=1/],
  ["no word on selectors", calls({ selectors: undefined }), /"any" or a list/],
  ["no word on the recipient", calls({ recipient: undefined }), /"any" or an address/],
  ["a value that YAML read as a number", calls({ max_value: 5 }), /in quotes/],
  ["a fraction as value", calls({ max_value: "1.5" }), /decimal string/],
  ["chain 0", { chains: [{ chain_id: 0 }] }, />=1/],
  ["a chain twice", { chains: [{ chain_id: 1 }, { chain_id: 1 }] }, /occurs twice/],
  [
    "typed data of no type",
    chain({ typed_data: [{ verifying_contract: ADDRESS, primary_types: [] }] }),
    />=1/,
  ],
  ["a word that nobody knows", { typed_data: true }, /typed_data/],
  ["raw digests beside a chain", { ...chain(), raw_digests: true }, /must stand alone/],
  ["raw digests beside messages", { messages: true, raw_digests: true }, /must stand alone/],
])("%s is refused", (_, policy, message) => {
  const { error } = evmPolicySchema.safeParse(policy);
  expect(error?.issues.map((issue) => issue.message).join("; ")).toMatch(message);
});
