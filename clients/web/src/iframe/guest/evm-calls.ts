import type { Hex } from "../api.ts";
import type { DecodedCall, Warning } from "../guest-api.ts";
import { warning } from "./warnings.ts";

type ArgType = "address" | "uint256" | "bool" | "uint8" | "bytes32";

interface KnownMethod {
  readonly name: string;
  readonly args: readonly (readonly [name: string, type: ArgType])[];
  readonly warn: (args: Readonly<Record<string, string>>) => Warning[];
}

/** From here on an allowance is meant to be without bound. */
const UNLIMITED = 1n << 255n;

/** The warning of an allowance; none for one that is taken back. */
export function allowanceWarnings(spender: string, amount: bigint, unlimitedFrom = UNLIMITED): Warning[] {
  if (amount === 0n) return [];
  if (amount < unlimitedFrom) {
    return [warning("danger", "APPROVES_SPENDER", `${spender} may take tokens of yours, up to an amount.`)];
  }
  return [warning("danger", "UNLIMITED_APPROVAL", `${spender} may take all your tokens of this kind.`)];
}

const moves = () => [warning("caution", "MOVES_TOKENS", "It gives tokens away.")];
/** `approve` is a method of tokens and of collections, with the same selector. */
const approvesOrGives = ({ spender = "", value = "0" }) => {
  const text = "It takes an allowance back; of a collection it gives away token 0.";
  if (value === "0") return [warning("caution", "APPROVES_SPENDER", text)];
  return allowanceWarnings(spender, BigInt(value));
};
const approves = ({ spender = "", value = "0" }) => allowanceWarnings(spender, BigInt(value));

/** Methods of ERC-20, ERC-721, ERC-1155 and ERC-2612, by selector. */
const KNOWN: Readonly<Record<Hex, KnownMethod>> = {
  "0xa9059cbb": {
    name: "transfer",
    args: [
      ["to", "address"],
      ["value", "uint256"],
    ],
    warn: moves,
  },
  "0x23b872dd": {
    name: "transferFrom",
    args: [
      ["from", "address"],
      ["to", "address"],
      ["value", "uint256"],
    ],
    warn: moves,
  },
  "0x42842e0e": {
    name: "safeTransferFrom",
    args: [
      ["from", "address"],
      ["to", "address"],
      ["tokenId", "uint256"],
    ],
    warn: moves,
  },
  "0x095ea7b3": {
    name: "approve",
    args: [
      ["spender", "address"],
      ["value", "uint256"],
    ],
    warn: approvesOrGives,
  },
  "0x39509351": {
    name: "increaseAllowance",
    args: [
      ["spender", "address"],
      ["value", "uint256"],
    ],
    warn: approves,
  },
  "0xa22cb465": {
    name: "setApprovalForAll",
    args: [
      ["operator", "address"],
      ["approved", "bool"],
    ],
    warn: ({ operator = "", approved }) => allowanceWarnings(operator, approved === "true" ? UNLIMITED : 0n),
  },
  "0xd505accf": {
    name: "permit",
    args: [
      ["owner", "address"],
      ["spender", "address"],
      ["value", "uint256"],
      ["deadline", "uint256"],
      ["v", "uint8"],
      ["r", "bytes32"],
      ["s", "bytes32"],
    ],
    warn: approves,
  },
};

/** What calldata say. */
export interface ReadCall {
  readonly selector?: Hex;
  readonly call?: DecodedCall;
  readonly warnings: readonly Warning[];
}

/** @param data of a call to a contract, or to an account: without data there is nothing to know */
export function readCall(data: Hex): ReadCall {
  if (data === "0x") return { warnings: [] };
  if (data.length < 10) {
    const text = "The data are no call of a method.";
    return { warnings: [warning("danger", "UNREADABLE_DATA", text)] };
  }
  const selector = data.slice(0, 10) as Hex;
  const method = Object.hasOwn(KNOWN, selector) ? KNOWN[selector] : undefined;
  const values = method && readWords(data.slice(10), method.args);
  if (method === undefined || values === undefined) {
    const text = `The wallet does not know what the method ${selector} does.`;
    return { selector, warnings: [warning("danger", "UNKNOWN_METHOD", text)] };
  }
  const signature = `${method.name}(${method.args.map(([, type]) => type).join(",")})`;
  const args = method.args.map(([name], i) => ({ name, value: values[i] ?? "" }));
  const named = Object.fromEntries(args.map(({ name, value }) => [name, value]));
  return { selector, call: { signature, args }, warnings: method.warn(named) };
}

/** The arguments of static types, a word each; undefined unless that is their one encoding. */
function readWords(words: string, args: KnownMethod["args"]): string[] | undefined {
  if (words.length !== 64 * args.length) return undefined;
  const values = args.map(([, type], i) => readWord(words.slice(64 * i, 64 * (i + 1)), type));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function readWord(word: string, type: ArgType): string | undefined {
  const number = BigInt(`0x${word}`);
  switch (type) {
    case "address":
      return number < 1n << 160n ? `0x${word.slice(24)}` : undefined;
    case "uint256":
      return number.toString();
    case "uint8":
      return number < 256n ? number.toString() : undefined;
    case "bool":
      return number < 2n ? String(number === 1n) : undefined;
    case "bytes32":
      return `0x${word}`;
  }
}
