import { EvmError } from "./evm-error.ts";
import { arrayOf, objectOf, textOf } from "./json-values.ts";

/** A field of a struct: its name, and its type as it is written. */
export interface TypedField {
  readonly name: string;
  readonly type: string;
}

/** The structs of typed data (EIP-712), by name. */
export type TypedStructs = ReadonlyMap<string, readonly TypedField[]>;

/** How many bytes or bits an elementary type takes; all but `bytes` and `string` are one word. */
export type Elementary =
  | { readonly kind: "bool" | "address" | "string" | "bytes" }
  | { readonly kind: "fixed bytes"; readonly bytes: number }
  | { readonly kind: "uint" | "int"; readonly bits: number };

/** An array's type: that of its elements, and how many it has, if it says so. */
export interface ArrayType {
  readonly element: string;
  readonly size: number | undefined;
}

const MAX_STRUCTS = 64;
const MAX_FIELDS = 128;
/** Of a field's type, brackets included. */
const MAX_TYPE_LENGTH = 192;
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/;
const ARRAY = /^(.+)\[([1-9][0-9]{0,4})?\]$/;
const ELEMENTARY = /^(?:(bool|address|string|bytes)|bytes([1-9][0-9]?)|(u?int)([1-9][0-9]{0,2}))$/;
/** Words that only look like types: Solidity has no `bytes33`, and EIP-712 no aliases. */
const RESERVED = /^(bool|address|string|bytes[0-9]*|u?int[0-9]*)$/;

/** The type, if it is an elementary one of EIP-712. */
export function elementaryOf(type: string): Elementary | undefined {
  const [, plain, bytes, integer, bits] = ELEMENTARY.exec(type) ?? [];
  if (plain !== undefined) return { kind: plain as "bool" | "address" | "string" | "bytes" };
  if (bytes !== undefined) {
    return Number(bytes) <= 32 ? { kind: "fixed bytes", bytes: Number(bytes) } : undefined;
  }
  if (integer === undefined || Number(bits) > 256 || Number(bits) % 8 !== 0) return undefined;
  return { kind: integer as "uint" | "int", bits: Number(bits) };
}

/** What an array's type is made of, or undefined for a type that is none. */
export function arrayTypeOf(type: string): ArrayType | undefined {
  const [, element, size] = ARRAY.exec(type) ?? [];
  if (element === undefined) return undefined;
  return { element, size: size === undefined ? undefined : Number(size) };
}

/** Reads `types`: every name is an identifier and every type is there. Throws EvmError. */
export function readStructs(types: unknown): TypedStructs {
  const entries = Object.entries(objectOf(types, "types"));
  if (entries.length > MAX_STRUCTS) throw new EvmError(`${entries.length} types, at most ${MAX_STRUCTS}`);
  const structs = new Map(entries.map(([name, fields]) => [structName(name), readFields(name, fields)]));
  for (const fields of structs.values()) {
    for (const { type } of fields) {
      const base = baseOf(type);
      if (!structs.has(base) && elementaryOf(base) === undefined) throw new EvmError(`no type ${show(base)}`);
    }
  }
  return structs;
}

/**
 * A struct's type as it is hashed: itself, then all that it refers to, by name (EIP-712, encodeType). `name` is one of
 * `structs`.
 */
export function encodeType(structs: TypedStructs, name: string): string {
  const found = new Set<string>();
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    for (const { type } of structs.get(next) ?? []) if (structs.has(baseOf(type))) queue.push(baseOf(type));
  }
  found.delete(name);
  return [name, ...[...found].sort()]
    .map((one) => `${one}(${(structs.get(one) ?? []).map((f) => `${f.type} ${f.name}`).join(",")})`)
    .join("");
}

function structName(name: string): string {
  if (!IDENTIFIER.test(name) || RESERVED.test(name))
    throw new EvmError(`${show(name)} is no name of a struct`);
  return name;
}

function readFields(struct: string, value: unknown): readonly TypedField[] {
  const list = arrayOf(value, show(struct));
  if (list.length > MAX_FIELDS) throw new EvmError(`${show(struct)} has more than ${MAX_FIELDS} fields`);
  const fields = list.map((item) => {
    const field = objectOf(item, "a field");
    const { name, type } = field;
    if (Object.keys(field).length !== 2) throw new EvmError("a field has a name, a type and nothing else");
    return {
      name: identifier(textOf(name, "a field's name")),
      type: typeName(textOf(type, "a field's type")),
    };
  });
  if (new Set(fields.map(({ name }) => name)).size !== fields.length) {
    throw new EvmError(`${show(struct)} has a field twice`);
  }
  return fields;
}

function identifier(name: string): string {
  if (!IDENTIFIER.test(name)) throw new EvmError(`${show(name)} is no name of a field`);
  return name;
}

function typeName(type: string): string {
  if (type.length > MAX_TYPE_LENGTH) throw new EvmError(`${show(type)} is longer than a type's name may be`);
  return type;
}

/** A type without its brackets. */
function baseOf(type: string): string {
  let base = type;
  for (let array = arrayTypeOf(base); array !== undefined; array = arrayTypeOf(base)) base = array.element;
  return base;
}

/** A name for a message: it may be long, or hold anything. */
function show(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
