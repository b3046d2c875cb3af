import { isValidAccountId } from "@countersign/near";

/** Longest name of a method that NEAR takes, in bytes (nearcore, limit_config: max_length_method_name). */
const MAX_METHOD_NAME = 256;

/** The receiver pattern that stands for the delegate's own sender. */
export const SENDER = "@sender";

/**
 * Whether the pattern can stand for receivers: an account, "*." and an account for all below it, "*", or "@sender".
 * An ending starts at a dot, because anyone may own an account like "evilapp.near".
 */
export function isReceiverPattern(pattern: string): boolean {
  if (pattern === "*" || pattern === SENDER) return true;
  return isValidAccountId(pattern.startsWith("*.") ? pattern.slice(2) : pattern);
}

/** Whether the pattern can stand for methods: a name, "*" and an ending, or "*". */
export function isMethodPattern(pattern: string): boolean {
  const name = pattern.startsWith("*") ? pattern.slice(1) : pattern;
  return pattern !== "" && !name.includes("*") && Buffer.byteLength(name) <= MAX_METHOD_NAME;
}

/** Whether a delegate from `senderId` to `receiverId` is one that the pattern stands for. */
export function matchesReceiver(pattern: string, receiverId: string, senderId: string): boolean {
  return pattern === SENDER ? receiverId === senderId : matchesName(pattern, receiverId);
}

/** Whether the pattern stands for the name: "*.app.near" for "a.app.near", but not for "app.near" itself. */
export function matchesName(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*")) return name === pattern;
  const ending = pattern.slice(1);
  return ending === "" || (name.length > ending.length && name.endsWith(ending));
}
