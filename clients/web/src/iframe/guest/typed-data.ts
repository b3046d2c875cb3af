import type { TypedDataDefinition } from "viem";
import type { Json } from "../api.ts";
import { hex, integer, invalid, list, record, text } from "./fields.ts";
import {
  DOMAIN_FIELDS,
  encodedLength,
  FIXED_BYTES,
  INTEGER,
  listTypeOf,
  readTypes,
  type Types,
} from "./typed-data-types.ts";

/** Typed data of an application (EIP-712): what is signed, and the same for a user to read. */
export interface ReadTypedData {
  readonly signed: TypedDataDefinition;
  readonly domain: { readonly [name: string]: Json };
  readonly primaryType: string;
  readonly message: { readonly [name: string]: Json };
}

/** A value, as it is hashed and as it is shown. */
interface Read {
  readonly signed: unknown;
  readonly shown: Json;
}

/** How much of the limits has been used. */
interface Scope {
  readonly types: Types;
  values: number;
  typeText: number;
  /** Structs whose types are among `typeText`. */
  readonly hashed: Set<string>;
}

/** Values in all, each entry and each field: as many as the signer hashes. Nothing is shown that it would refuse. */
const MAX_VALUES = 4_096;
/** Characters of the types that are hashed, each with those that it refers to: as many as the signer takes. */
const MAX_TYPE_TEXT = 131_072;
const MAX_BYTES = 65_536;
/** Structs in structs and lists in lists. */
const MAX_DEPTH = 16;

/**
 * Reads it by its types: every field that a type has, and no other, so that nothing is shown that is not signed, nor signed
 * without being shown. Throws REQUEST_INVALID.
 */
export function readTypedData(value: unknown): ReadTypedData {
  const of = record(value, "typedData", ["domain", "types", "primaryType", "message"]);
  const domain = readDomain(of.domain);
  const types = readTypes(of.types, domain.shown);
  const primaryType = text(of.primaryType, "typedData.primaryType", 128);
  const fields = Object.hasOwn(types, primaryType) ? types[primaryType] : undefined;
  if (fields === undefined) throw invalid("typedData.primaryType", "is none of the types");
  const scope = { ...newScope(types), values: Object.keys(domain.shown).length };
  const message = readStruct(of.message, primaryType, scope, "typedData.message", MAX_DEPTH);
  return {
    signed: { domain: domain.signed, types, primaryType, message: message.signed } as TypedDataDefinition,
    domain: domain.shown,
    primaryType,
    message: message.shown as ReadTypedData["message"],
  };
}

function newScope(types: Types): Scope {
  return { types, values: 0, typeText: 0, hashed: new Set() };
}

function readDomain(value: unknown) {
  const where = "typedData.domain";
  const names = DOMAIN_FIELDS.map(({ name }) => name);
  const of = record(value, where, [], names);
  // viem leaves an empty one out of what it hashes.
  if (of.version === "") throw invalid(`${where}.version`, "is empty");
  const signed: Record<string, unknown> = {};
  const shown: Record<string, Json> = {};
  for (const { name, type } of DOMAIN_FIELDS) {
    if (of[name] === undefined) continue;
    // viem takes the chain's id as a number.
    const read =
      name === "chainId"
        ? both(chainId(of[name], `${where}.chainId`))
        : readValue(of[name], type, newScope({}), `${where}.${name}`, 0);
    signed[name] = read.signed;
    shown[name] = read.shown;
  }
  return { signed, shown };
}

function chainId(value: unknown, where: string): number {
  return integer(
    typeof value === "string" && /^[1-9]\d{0,15}$/.test(value) ? Number(value) : value,
    where,
    1,
  );
}

function readValue(value: unknown, type: string, scope: Scope, where: string, depth: number): Read {
  scope.values += 1;
  if (scope.values > MAX_VALUES) throw invalid("typedData", `has more than ${MAX_VALUES} values`);
  const listed = listTypeOf(type);
  if (listed !== undefined) {
    if (depth === 0) throw invalid(where, "is too deep");
    const { entry, count } = listed;
    const entries = list(value, where, count ?? 0, count ?? MAX_VALUES).map((one, i) =>
      readValue(one, entry, scope, `${where}[${i}]`, depth - 1),
    );
    return { signed: entries.map(({ signed }) => signed), shown: entries.map(({ shown }) => shown) };
  }
  if (Object.hasOwn(scope.types, type)) return readStruct(value, type, scope, where, depth);
  if (type === "string") return both(text(value, where, MAX_BYTES));
  if (type === "bytes") return both(hex(value, where, { max: MAX_BYTES }));
  if (type === "address") return both(hex(value, where, 20));
  if (type === "bool") {
    if (typeof value !== "boolean") throw invalid(where, "is not true or false");
    return both(value);
  }
  const [, bytes] = FIXED_BYTES.exec(type) ?? [];
  if (bytes !== undefined) return both(hex(value, where, Number(bytes)));
  const [, unsigned, bits] = INTEGER.exec(type) ?? [];
  if (bits !== undefined) {
    const number = wideInteger(value, where, unsigned === "u", BigInt(bits));
    return { signed: number, shown: number.toString() };
  }
  throw invalid(where, "is of no known type");
}

function readStruct(value: unknown, type: string, scope: Scope, where: string, depth: number): Read {
  if (depth === 0) throw invalid(where, "is too deep");
  countTypeText(type, scope);
  const fields = scope.types[type] ?? [];
  const names = fields.map(({ name }) => name);
  const of = record(value, where, names);
  const signed: Record<string, unknown> = Object.create(null);
  const shown: Record<string, Json> = Object.create(null);
  for (const { name, type } of fields) {
    const read = readValue(of[name], type, scope, `${where}.${name}`, depth - 1);
    signed[name] = read.signed;
    shown[name] = read.shown;
  }
  return { signed, shown };
}

function countTypeText(type: string, scope: Scope): void {
  if (scope.hashed.has(type)) return;
  scope.hashed.add(type);
  scope.typeText += encodedLength(scope.types, type);
  if (scope.typeText > MAX_TYPE_TEXT) {
    throw invalid("typedData.types", "refer to each other too often");
  }
}

function wideInteger(value: unknown, where: string, isUnsigned: boolean, bits: bigint): bigint {
  const isInteger =
    typeof value === "string" ? /^(0|-?[1-9]\d{0,77})$/.test(value) : Number.isSafeInteger(value);
  const number = isInteger ? BigInt(value as string | number) : undefined;
  const [min, end] = isUnsigned ? [0n, 1n << bits] : [-(1n << (bits - 1n)), 1n << (bits - 1n)];
  if (number === undefined || number < min || number >= end) {
    throw invalid(where, `is not an integer of ${bits} bits`);
  }
  return number;
}

function both<T extends string | number | boolean>(value: T): Read {
  return { signed: value, shown: value };
}
