import { bytesToHex } from "@noble/hashes/utils.js";
import { hashTypedData, type TypedDataDefinition } from "viem";
import { describe, expect, test } from "vitest";
import { EvmError } from "./evm-error.ts";
import { readTypedData } from "./typed-data.ts";

const TOKEN = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const BOB = "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB";
const field = (name: string, type: string) => ({ name, type });
const DOMAIN_TYPE = [
  field("name", "string"),
  field("version", "string"),
  field("chainId", "uint256"),
  field("verifyingContract", "address"),
];
const domain = { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: TOKEN };
const PERMIT = [field("owner", "address"), field("value", "uint256"), field("deadline", "uint256")];
const permit = {
  types: { EIP712Domain: DOMAIN_TYPE, Permit: PERMIT },
  primaryType: "Permit",
  domain,
  message: {
    owner: BOB,
    value: "115792089237316195423570985008687907853269984665640564039457584007913129639935",
    deadline: 99,
  },
};
/** Typed data of one struct with one field. */
const one = (type: string, value: unknown, types: object = {}) => ({
  ...permit,
  types: { EIP712Domain: DOMAIN_TYPE, Permit: [field("it", type)], ...types },
  message: { it: value },
});
const read = (data: unknown) => readTypedData(JSON.stringify(data));
const hex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`;

test("the example of EIP-712 has its digest", () => {
  const person = [field("name", "string"), field("wallet", "address")];
  const mail = [field("from", "Person"), field("to", "Person"), field("contents", "string")];
  const facts = read({
    types: { EIP712Domain: DOMAIN_TYPE, Person: person, Mail: mail },
    primaryType: "Mail",
    domain: { ...domain, verifyingContract: "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" },
    message: {
      from: { name: "Cow", wallet: "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
      to: { name: "Bob", wallet: BOB },
      contents: "Hello, Bob!",
    },
  });
  expect(hex(facts.digest)).toBe("0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
  const verifyingContract = "0xcccccccccccccccccccccccccccccccccccccccc";
  expect(facts).toMatchObject({ chainId: 1n, verifyingContract, primaryType: "Mail" });
});

const TREE = { Node: [field("label", "bytes"), field("children", "Node[]")] };
test.each<readonly [string, object]>([
  ["a permit", permit],
  [
    "a domain with a salt",
    {
      ...permit,
      types: { ...permit.types, EIP712Domain: [...DOMAIN_TYPE, field("salt", "bytes32")] },
      domain: { ...domain, salt: `0x${"ab".repeat(32)}` },
    },
  ],
  ["a bool", one("bool", true)],
  ["an int8", one("int8", -128)],
  [
    "an int256 in text",
    one("int256", "-57896044618658097711785492504343953926634992332820282019728792003956564819968"),
  ],
  ["a number in hexadecimal", one("uint64", "0xffffffffffffffff")],
  ["bytes", one("bytes", "0xdeadbeef")],
  ["no bytes", one("bytes", "0x")],
  ["bytes4", one("bytes4", "0xdeadbeef")],
  ["a string beyond ASCII", one("string", "größer 🙂")],
  ["an array", one("uint8[]", [1, 2, 3])],
  ["an empty array", one("string[]", [])],
  [
    "arrays in arrays",
    one("uint8[2][]", [
      [1, 2],
      [3, 4],
    ]),
  ],
  ["an array of strings", one("string[2]", ["a", "b"])],
  ["structs of structs", one("Node", { label: "0x01", children: [{ label: "0x", children: [] }] }, TREE)],
  ["an array of structs", one("Z[]", [{ a: { b: 1 } }], { Z: [field("a", "A")], A: [field("b", "uint8")] })],
  ["a type that is not used", one("bool", false, TREE)],
])("%s is hashed as viem hashes it", (_, data) => {
  const exact = structuredClone(data) as TypedDataDefinition;
  expect(hex(read(data).digest)).toBe(hashTypedData(exact));
});

const domainOf = (change: object, type: readonly object[] = DOMAIN_TYPE) => ({
  ...permit,
  types: { ...permit.types, EIP712Domain: type },
  domain: { ...domain, ...change },
});
const withoutType = (name: string) => DOMAIN_TYPE.filter((one) => one.name !== name);
const deep = (depth: number): unknown => (depth === 0 ? [] : [deep(depth - 1)]);
const self = { T: [field("next", "T")] };
const chain = (depth: number): object => (depth === 0 ? {} : { next: chain(depth - 1) });

describe("refused", () => {
  test.each<readonly [string, unknown, RegExp]>([
    ["a domain without a type", { ...permit, types: { Permit: PERMIT } }, /no type EIP712Domain/],
    ["a domain's type without chainId", domainOf({}, withoutType("chainId")), /has no chainId/],
    [
      "a domain's type without a contract",
      domainOf({}, withoutType("verifyingContract")),
      /has no verifyingContract/,
    ],
    [
      "a chainId of another type",
      domainOf({}, [...withoutType("chainId"), field("chainId", "uint64")]),
      /no domain has/,
    ],
    [
      "a domain's field that is strange",
      domainOf({ x: 1 }, [...DOMAIN_TYPE, field("x", "uint8")]),
      /no domain has/,
    ],
    ["a domain without chainId", domainOf({ chainId: undefined }), /chainId is no number/],
    ["chain 0", domainOf({ chainId: "0x0" }), /chainId is 0/],
    [
      "a domain without a contract",
      domainOf({ verifyingContract: undefined }),
      /verifyingContract is no address/,
    ],
    ["a domain with what is not signed", domainOf({ salt: `0x${"ab".repeat(32)}` }), /its type has not/],
    [
      "a message with what is not signed",
      { ...permit, message: { ...permit.message, x: 1 } },
      /its type has not/,
    ],
    ["a message without a value", { ...permit, message: { owner: BOB, value: 1 } }, /Permit.deadline/],
    ["no message", { ...permit, message: undefined }, /Permit is no object/],
    ["a part too many", { ...permit, extra: 1 }, /part too many/],
    ["a primaryType that is not there", { ...permit, primaryType: "Mail" }, /primaryType/],
    ["a primaryType that all objects have", { ...permit, primaryType: "constructor" }, /primaryType/],
    ["the domain as message", { ...permit, primaryType: "EIP712Domain", message: domain }, /primaryType/],
    ["text that is a list", [permit], /no object/],
    ["a number beyond what JSON holds", one("uint256", 2 ** 53), /read exactly/],
    ["a fraction", one("uint256", 1.5), /read exactly/],
    ["a number with an exponent in text", one("uint256", "1e3"), /read exactly/],
    ["a number in a list", one("uint256", [1]), /read exactly/],
    ["256 as uint8", one("uint8", 256), /range of uint8/],
    ["a negative one as uint", one("uint8", -1), /range of uint8/],
    ["128 as int8", one("int8", 128), /range of int8/],
    ["2^256", one("uint256", (2n ** 256n).toString()), /range of uint256/],
    ["a text as bool", one("bool", "true"), /neither true nor false/],
    ["a number as string", one("string", 5), /no text/],
    ["half a character", one("string", "\ud800"), /no text/],
    ["a short address", one("address", "0x1234"), /no address/],
    ["half a byte", one("bytes", "0x123"), /hexadecimal/],
    ["bytes without 0x", one("bytes", "dead"), /hexadecimal/],
    ["three bytes as bytes4", one("bytes4", "0xdeadbe"), /4 bytes/],
    ["an array of another size", one("uint8[2]", [1]), /1 elements and not 2/],
    ["a value as an array", one("uint8[]", 1), /no array/],
    ["null as a struct", one("A", null, { A: [] }), /no object/],
    ["uint", one("uint", 1), /no type/],
    ["uint7", one("uint7", 1), /no type/],
    ["bytes33", one("bytes33", "0x"), /no type/],
    ["a type that nobody has", one("Mail", {}), /no type/],
    ["a type that all objects have", one("toString", {}), /no type/],
    ["an array of size 0", one("uint8[0]", []), /no type/],
    ["a struct with a type's name", one("bool", true, { uint256: [] }), /no name of a struct/],
    [
      "a struct with a name that ends a type",
      one("bool", true, { "A(bool it)B": [] }),
      /no name of a struct/,
    ],
    [
      "a field with a name that ends a field",
      one("A", {}, { A: [field("a,bool b", "bool")] }),
      /no name of a field/,
    ],
    ["a field twice", one("A", {}, { A: [field("a", "bool"), field("a", "bool")] }), /twice/],
    [
      "a field with more than it needs",
      one("A", {}, { A: [{ ...field("a", "bool"), x: 1 }] }),
      /nothing else/,
    ],
    [
      "types beyond all need",
      one("bool", true, Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`T${i}`, []]))),
      /at most 64/,
    ],
    [
      "values beyond all need",
      one(
        "bool[]",
        Array.from({ length: 4_100 }, () => true),
      ),
      /more than 4096/,
    ],
    ["arrays beyond all depth", one(`bool${"[]".repeat(40)}`, deep(38)), /more than 32 deep/],
    ["structs beyond all depth", one("T", chain(40), self), /more than 32 deep/],
    ["a type that never ends", one(`bool${"[]".repeat(500)}`, []), /longer than/],
    ["types that refer to each other", knot(), /refer to each other/],
  ])("%s", (_, data, message) => {
    const refused = () => read(data);
    expect(refused).toThrow(EvmError);
    expect(refused).toThrow(message);
  });

  test("text that is no JSON, without the text", () => {
    const read = () => readTypedData("{secret");
    expect(read).toThrow(/^typed data is no JSON$/);
    // A log would show the cause.
    expect(read).not.toThrow(expect.objectContaining({ cause: expect.anything() }));
  });
});

/** A struct with a field of each of 60 types, each of which refers to all others, with names that take room. */
function knot() {
  const name = "x".repeat(90);
  const types = Array.from({ length: 60 }, (_, i) => `T${i}`);
  const structs = types.map((type, i) => [type, [field(name, `T${(i + 1) % 60}[]`)]]);
  const root = types.map((type) => field(type, type));
  const value = Object.fromEntries(types.map((type) => [type, { [name]: [] }]));
  return one("Root", value, { Root: root, ...Object.fromEntries(structs) });
}
