import fc from "fast-check";
import { hashTypedData, maxUint256, type TypedDataDefinition } from "viem";
import { describe, expect, test } from "vitest";
import type { EvmTypedData, Json } from "../../../clients/web/src/iframe/api.ts";
import { readTypedData } from "../../../clients/web/src/iframe/guest/typed-data.ts";
import { typedDataWarnings } from "../../../clients/web/src/iframe/guest/typed-data-warnings.ts";

const ADDRESS = `0x${"ab".repeat(20)}`;

/** The example of EIP-712. */
const MAIL: EvmTypedData = {
  domain: { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: `0x${"c".repeat(40)}` },
  types: {
    Person: [
      { name: "name", type: "string" },
      { name: "wallet", type: "address" },
    ],
    Mail: [
      { name: "from", type: "Person" },
      { name: "to", type: "Person" },
      { name: "contents", type: "string" },
    ],
  },
  primaryType: "Mail",
  message: {
    from: { name: "Cow", wallet: "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
    to: { name: "Bob", wallet: "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
    contents: "Hello, Bob!",
  },
};
/** The digest that EIP-712 gives for it. */
const MAIL_DIGEST = "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";
const EIP712_DOMAIN = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

const read = (data: object) => readTypedData(JSON.parse(JSON.stringify(data)));

test("the example of EIP-712 has its digest, and is shown as it is", () => {
  const { signed, ...shown } = read(MAIL);
  expect(hashTypedData(signed)).toBe(MAIL_DIGEST);
  expect(shown.message.contents).toBe("Hello, Bob!");
  expect(shown.domain).toEqual(MAIL.domain);
  expect(Object.keys(shown.message)).toEqual(["from", "to", "contents"]);
});

test("the domain's own type may be named, if it is that of the domain", () => {
  const named = (fields: object) => ({ ...MAIL, types: { ...MAIL.types, EIP712Domain: fields } });
  expect(hashTypedData(read(named(EIP712_DOMAIN)).signed)).toBe(MAIL_DIGEST);
  // Of this one the contract would be shown, and not signed.
  for (const fields of [EIP712_DOMAIN.slice(0, 3), [...EIP712_DOMAIN].reverse(), []]) {
    expect(() => read(named(fields))).toThrow(/EIP712Domain/);
  }
});

const withField = (type: string, value: Json) => ({
  ...{ domain: {}, types: { T: [{ name: "f", type }] }, primaryType: "T", message: { f: value } },
});

/** Types that all refer to all, with names as long as may be. */
function manyTypes(count: number): object {
  const name = (i: number) => `T${i}_${"x".repeat(100)}`;
  const names = Array.from({ length: count }, (_, i) => name(i));
  const fields = names.map((type, i) => ({ name: `f${i}`, type: `${type}[]` }));
  const empty = Object.fromEntries(fields.map((field) => [field.name, []]));
  return {
    domain: {},
    types: Object.fromEntries(names.map((type) => [type, fields])),
    primaryType: name(0),
    message: { ...empty, f1: [empty] },
  };
}

test("as many values and types as the signer takes are read", () => {
  expect(() => read(withField("uint8[][]", Array(8).fill(Array(510).fill(1))))).not.toThrow();
  expect(() => read(manyTypes(8))).not.toThrow();
});

test.each<[string, object]>([
  ["a field that is shown and not signed", { ...MAIL, message: { ...MAIL.message, hidden: "x" } }],
  ["a field that is missing", { ...MAIL, message: { from: MAIL.message.from, to: MAIL.message.to } }],
  ["a domain's field of its own", { ...MAIL, domain: { ...MAIL.domain, extra: "x" } }],
  ["a type that is not there", withField("Nothing", {})],
  ["a primary type that is none", { ...MAIL, primaryType: "toString" }],
  ["256 in 8 bits", withField("uint8", 256)],
  ["-1 in an unsigned integer", withField("uint256", "-1")],
  ["an integer that is rounded", withField("uint256", 2 ** 60)],
  ["9 bits", withField("uint9", 1)],
  ["33 bytes", withField("bytes33", "0x")],
  ["an address of 19 bytes", withField("address", `0x${"ab".repeat(19)}`)],
  ["null", withField("string", null)],
  ["a list that is too short", withField("bool[2]", [true])],
  ["a boolean in words", withField("bool", "true")],
  ["a field twice", { ...withField("bool", true), types: { T: Array(2).fill({ name: "f", type: "bool" }) } }],
  ["a type that is not there, of an empty list", withField("Nothing[]", [])],
  ["the domain's type, of an empty list", withField("EIP712Domain[]", [])],
  ["a list of none", withField("bool[0]", [])],
  ["a type whose name has a $", { ...withField("$", {}), types: { T: [{ name: "f", type: "$" }], $: [] } }],
  ["a field whose name has a $", { ...withField("bool", true), types: { T: [{ name: "$", type: "bool" }] } }],
  ["an empty version, which is not hashed", { ...MAIL, domain: { ...MAIL.domain, version: "" } }],
  ["a type named nearly as one", { ...withField("bytes33", {}), types: { T: [], bytes33: [] } }],
  ["more values than the signer takes", withField("uint8[][]", Array(8).fill(Array(512).fill(1)))],
  ["more text of types than the signer takes", manyTypes(64)],
  ["a type named as an elementary one", { ...withField("bool", true), types: { bool: [], T: [] } }],
  [
    "lists in lists without end",
    withField(`bool${"[]".repeat(20)}`, JSON.parse("[".repeat(20) + "]".repeat(20))),
  ],
])("is refused: %s", (_, data) => {
  expect(() => read(data)).toThrow(expect.objectContaining({ reason: "REQUEST_INVALID" }));
});

test("a type within itself ends with the message", () => {
  const types = { T: [{ name: "next", type: "T[]" }] };
  const nested = (depth: number): Json => (depth === 0 ? { next: [] } : { next: [nested(depth - 1)] });
  const data = (depth: number) => ({ domain: {}, types, primaryType: "T", message: nested(depth) });
  expect(() => read(data(3))).not.toThrow();
  expect(() => read(data(30))).toThrow(/too deep/);
});

test("is signed as viem hashes what the application sent, and shown without loss, whatever it is", () => {
  const elementary = fc.oneof(
    fc.tuple(fc.constant("string"), fc.string({ unit: "grapheme" })),
    fc.tuple(fc.constant("bool"), fc.boolean()),
    fc.tuple(fc.constant("uint256"), fc.bigInt(0n, maxUint256).map(String)),
    fc.tuple(fc.constant("int64"), fc.bigInt(-(1n << 63n), (1n << 63n) - 1n).map(String)),
    fc.tuple(fc.constant("uint32"), fc.nat()),
    fc.tuple(fc.constant("address"), fc.constant(ADDRESS)),
    fc.tuple(fc.constant("bytes4"), fc.constant("0x01020304")),
    fc.tuple(fc.constant("bytes"), fc.constantFrom("0x", "0x00ff")),
    fc.tuple(fc.constant("string[]"), fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4 })),
    fc.tuple(
      fc.constant("uint8[2][]"),
      fc.constantFrom(
        [],
        [[1, 2]],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    ),
  );
  fc.assert(
    fc.property(
      fc.array(elementary, { maxLength: 6 }),
      fc.array(elementary, { maxLength: 3 }),
      (outer, inner) => {
        const fields = (of: (readonly [string, unknown])[]) =>
          of.map(([type], i) => ({ name: `f${i}`, type }));
        const values = (of: (readonly [string, unknown])[]) =>
          Object.fromEntries(of.map(([, value], i) => [`f${i}`, value]));
        const data = {
          domain: { name: "D", chainId: 5 },
          types: { Outer: [...fields(outer), { name: "inner", type: "Inner" }], Inner: fields(inner) },
          primaryType: "Outer",
          message: { ...values(outer), inner: values(inner) },
        };
        const { signed, message } = read(data);
        expect(hashTypedData(signed)).toBe(hashTypedData(data as unknown as TypedDataDefinition));
        const text = (value: unknown) =>
          JSON.stringify(value, (_, inner) => (typeof inner === "number" ? String(inner) : inner));
        expect(text(message)).toBe(text(data.message));
      },
    ),
  );
});

describe("what lets others take tokens is said to", () => {
  const codes = (primaryType: string, message: { [name: string]: Json }) =>
    typedDataWarnings({ primaryType, message }).map(({ level, code }) => `${level} ${code}`);

  test.each<[string, { [name: string]: Json }, string[]]>([
    ["Permit", { spender: ADDRESS, value: "5" }, ["danger APPROVES_SPENDER"]],
    ["Permit", { spender: ADDRESS, value: maxUint256.toString() }, ["danger UNLIMITED_APPROVAL"]],
    ["Permit", { spender: ADDRESS, value: "0" }, []],
    ["Permit", { spender: ADDRESS, allowed: true }, ["danger UNLIMITED_APPROVAL"]],
    ["Permit", { spender: ADDRESS, allowed: false }, []],
    ["PermitSingle", { spender: ADDRESS, details: { amount: "7" } }, ["danger APPROVES_SPENDER"]],
    [
      "PermitBatch",
      { spender: ADDRESS, details: [{ amount: "7" }, { amount: ((1n << 160n) - 1n).toString() }] },
      ["danger UNLIMITED_APPROVAL"],
    ],
    ["OrderComponents", {}, ["danger MOVES_TOKENS"]],
    ["TransferWithAuthorization", { value: "5" }, ["danger MOVES_TOKENS"]],
    ["ReceiveWithAuthorization", { value: "5" }, ["danger MOVES_TOKENS"]],
    ["SafeTx", {}, ["danger ACTS_FOR_YOU"]],
    ["ForwardRequest", {}, ["danger ACTS_FOR_YOU"]],
    ["MetaTransaction", {}, ["danger ACTS_FOR_YOU"]],
    ["Mail", {}, ["caution UNKNOWN_TYPE"]],
  ])("%s %j", (primaryType, message, expected) => {
    expect(codes(primaryType, message)).toEqual(expected);
  });
});
