import type { Contract } from "./contract.ts";
import { fungibleToken } from "./fungible-token.ts";
import { guestBook } from "./guest-book.ts";
import { registrar } from "./registrar.ts";

const CONTRACTS: ReadonlyMap<string, Contract> = new Map([
  ["registrar", registrar],
  ["guest-book", guestBook],
  ["fungible-token", fungibleToken],
]);

const CODE_PREFIX = "devnet-contract:";

/** The bytes that stand for a built-in contract's code; deploying them deploys it. */
export function codeOf(name: string): Uint8Array {
  if (!CONTRACTS.has(name))
    throw new Error(`no built-in contract ${name}; there are ${[...CONTRACTS.keys()].join(", ")}`);
  return new TextEncoder().encode(CODE_PREFIX + name);
}

/** The name of the built-in contract that `code` stands for, or undefined. */
export function contractNameOf(code: Uint8Array): string | undefined {
  if (code.length > 100) return undefined;
  const text = new TextDecoder().decode(code);
  const name = text.startsWith(CODE_PREFIX) ? text.slice(CODE_PREFIX.length) : "";
  return CONTRACTS.has(name) ? name : undefined;
}

export function contractByName(name: string): Contract | undefined {
  return CONTRACTS.get(name);
}
