import type { EvmTypedData } from "../api.ts";
import { anyRecord, invalid, list, record, text } from "./fields.ts";

/** The structs of typed data (EIP-712), by name, without the domain's. */
export type Types = Readonly<Record<string, EvmTypedData["types"][string]>>;

/** A list's type: that of its entries, and how many there are, if it says so. */
export interface ListType {
  readonly entry: string;
  readonly count: number | undefined;
}

const DOMAIN_TYPE = "EIP712Domain";
/** The domain's fields and their types, in their order (EIP-712, "Definition of domainSeparator"). */
export const DOMAIN_FIELDS = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
  { name: "salt", type: "bytes32" },
] as const;

export const INTEGER =
  /^(u?)int(8|16|24|32|40|48|56|64|72|80|88|96|104|112|120|128|136|144|152|160|168|176|184|192|200|208|216|224|232|240|248|256)$/;
export const FIXED_BYTES = /^bytes([1-9]|[12]\d|3[0-2])$/;

const MAX_TYPES = 64;
const MAX_FIELDS = 64;
/** Without `$`, which Solidity takes and viem does not: it would hash a type without those that it refers to. */
const NAME = /^[A-Za-z_][A-Za-z\d_]{0,127}$/;
const LIST = /^(.+)\[([1-9]\d{0,3})?\]$/;
/** Words that are types, or only look like some. */
const RESERVED = /^(bool|address|string|bytes\d*|u?int\d*|__proto__)$/;

/**
 * Reads `types`: all names are proper ones, and every type that a field has is there, also where the message has no value of it.
 * The domain's own is not among them, and may only be that of the fields that `domain` has. Throws REQUEST_INVALID.
 */
export function readTypes(value: unknown, domain: object): Types {
  const where = "typedData.types";
  const entries = Object.entries(anyRecord(value, where));
  if (entries.length > MAX_TYPES) throw invalid(where, `has more than ${MAX_TYPES} types`);
  const types: Types = Object.assign(
    Object.create(null),
    Object.fromEntries(
      entries.map(([name, fields]) => [typeName(name), readFields(fields, `${where}.${name}`)]),
    ),
  );
  const { [DOMAIN_TYPE]: own, ...others } = types;
  if (own !== undefined) assertDomainType(own, domain);
  for (const [name, fields] of Object.entries(others)) {
    for (const { type } of fields) {
      const base = baseOf(type);
      if (isElementary(base) || Object.hasOwn(others, base)) continue;
      throw invalid(`${where}.${name}`, "has a field whose type is not known");
    }
  }
  return others;
}

/** The type of a list; undefined for every other type. */
export function listTypeOf(type: string): ListType | undefined {
  const [, entry, count] = LIST.exec(type) ?? [];
  if (entry === undefined) return undefined;
  return { entry, count: count === undefined ? undefined : Number(count) };
}

/** Characters of a struct's type as it is hashed: with all that it refers to (EIP-712, encodeType). */
export function encodedLength(types: Types, name: string): number {
  const found = new Set([name]);
  // A set that grows is gone through to its end.
  for (const one of found) {
    for (const { type } of types[one] ?? []) {
      const base = baseOf(type);
      if (Object.hasOwn(types, base)) found.add(base);
    }
  }
  const lengthOf = (one: string) =>
    one.length + `(${(types[one] ?? []).map(({ name, type }) => `${type} ${name}`).join(",")})`.length;
  return [...found].reduce((sum, one) => sum + lengthOf(one), 0);
}

function typeName(name: string): string {
  if (NAME.test(name) && !RESERVED.test(name)) return name;
  throw invalid("typedData.types", "has a name that no type may have");
}

function readFields(value: unknown, where: string): Types[string] {
  const fields = list(value, where, 0, MAX_FIELDS).map((field) => {
    const of = record(field, where, ["name", "type"]);
    return { name: text(of.name, where, 128), type: text(of.type, where, 160) };
  });
  const names = new Set(fields.map(({ name }) => name));
  if (names.size !== fields.length || ![...names].every((name) => NAME.test(name))) {
    throw invalid(where, "has a field twice, or one without a proper name");
  }
  return fields;
}

/** The domain's own type is never the application's to choose: it could leave out a field that is shown. */
function assertDomainType(own: Types[string], domain: object): void {
  const expected = DOMAIN_FIELDS.filter(({ name }) => Object.hasOwn(domain, name));
  const isSame =
    own?.length === expected.length &&
    own.every(({ name, type }, i) => name === expected[i]?.name && type === expected[i]?.type);
  if (!isSame)
    throw invalid(`typedData.types.${DOMAIN_TYPE}`, "is not the type of the domain's fields in their order");
}

function isElementary(type: string): boolean {
  return (
    ["string", "bytes", "bool", "address"].includes(type) || INTEGER.test(type) || FIXED_BYTES.test(type)
  );
}

/** A type without its brackets. */
function baseOf(type: string): string {
  let base = type;
  for (let of = listTypeOf(base); of !== undefined; of = listTypeOf(base)) base = of.entry;
  return base;
}
