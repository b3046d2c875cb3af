import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { EvmError } from "./evm-error.ts";
import { arrayOf, objectOf, ownOf } from "./json-values.ts";
import { arrayTypeOf, elementaryOf, encodeType, type TypedStructs } from "./typed-data-types.ts";
import { wordOf } from "./typed-values.ts";

/** Each may take a hash: so many are made in some tens of milliseconds. */
const MAX_VALUES = 4_096;
const MAX_DEPTH = 32;
/** All types' texts together: each holds those that it refers to. */
const MAX_TYPE_TEXT = 131_072;

/**
 * Hashes structs of typed data (EIP-712, hashStruct). Every field must have its value, and nothing may be there that is
 * not hashed. Throws EvmError.
 */
export class StructHasher {
  readonly #structs: TypedStructs;
  readonly #typeHashes = new Map<string, Uint8Array>();
  #values = 0;
  #typeText = 0;

  constructor(structs: TypedStructs) {
    this.#structs = structs;
  }

  /** `name` is one of the structs. */
  hash(name: string, value: unknown): Uint8Array {
    return this.#struct(name, value, name, 0);
  }

  #struct(name: string, value: unknown, what: string, depth: number): Uint8Array {
    const fields = this.#structs.get(name) ?? [];
    const object = objectOf(value, what);
    const strange = Object.keys(object).find((key) => !fields.some((field) => field.name === key));
    if (strange !== undefined) throw new EvmError(`${what} has a field that its type has not`);
    const words = fields.map((field) =>
      this.#word(field.type, ownOf(object, field.name), `${name}.${field.name}`, depth + 1),
    );
    return keccak_256(concatBytes(this.#typeHash(name), ...words));
  }

  #word(type: string, value: unknown, what: string, depth: number): Uint8Array {
    if (depth > MAX_DEPTH) throw new EvmError(`values in values, more than ${MAX_DEPTH} deep`);
    if (++this.#values > MAX_VALUES) throw new EvmError(`more than ${MAX_VALUES} values`);
    const array = arrayTypeOf(type);
    if (array !== undefined) {
      const items = arrayOf(value, what);
      if (array.size !== undefined && items.length !== array.size) {
        throw new EvmError(`${what} has ${items.length} elements and not ${array.size}`);
      }
      return keccak_256(
        concatBytes(...items.map((item) => this.#word(array.element, item, what, depth + 1))),
      );
    }
    if (this.#structs.has(type)) return this.#struct(type, value, what, depth);
    const elementary = elementaryOf(type);
    if (elementary === undefined) throw new EvmError(`${what} has a type that is none`);
    return wordOf(elementary, value, what);
  }

  #typeHash(name: string): Uint8Array {
    const known = this.#typeHashes.get(name);
    if (known !== undefined) return known;
    const text = encodeType(this.#structs, name);
    this.#typeText += text.length;
    if (this.#typeText > MAX_TYPE_TEXT) throw new EvmError("types that refer to each other too often");
    const made = keccak_256(utf8ToBytes(text));
    this.#typeHashes.set(name, made);
    return made;
  }
}
