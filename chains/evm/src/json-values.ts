import { EvmError } from "./evm-error.ts";

/** The object of a JSON text; throws EvmError, as all readers here. */
export function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new EvmError(`${what} is no object`);
  return value as Readonly<Record<string, unknown>>;
}

export function arrayOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new EvmError(`${what} is no array`);
  return value;
}

/** Text that UTF-8 can tell: no halves of characters. */
export function textOf(value: unknown, what: string): string {
  if (typeof value !== "string" || !value.isWellFormed()) throw new EvmError(`${what} is no text`);
  return value;
}

/** What an object has under a name of its own, not under one that all objects have. */
export function ownOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
