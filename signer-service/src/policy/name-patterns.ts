import { isValidAccountId } from "@countersign/near";

/** Longest name of a method that NEAR takes, in bytes (nearcore, limit_config: max_length_method_name). */
const MAX_METHOD_NAME = 256;

/** The receiver pattern that stands for the delegate's own sender. */
const SENDER = "@sender";

/** Whether the text can stand for a delegate's receivers: an account, "*." and an account, "*" or "@sender". */
export function isReceiverPattern(text: string): boolean {
  if (text === "*" || text === SENDER) return true;
  return isValidAccountId(text.startsWith("*.") ? text.slice(2) : text);
}

/** Whether the text can stand for methods: a name, "*" and an ending, or "*". */
export function isMethodPattern(text: string): boolean {
  const name = text.startsWith("*") ? text.slice(1) : text;
  return text !== "" && !name.includes("*") && Buffer.byteLength(name) <= MAX_METHOD_NAME;
}

/** Whether a delegate of `senderId` to `receiverId` is one that the pattern stands for. */
export function receiverMatches(pattern: string, receiverId: string, senderId: string): boolean {
  return pattern === SENDER ? receiverId === senderId : nameMatches(pattern, receiverId);
}

/** "*.app.near" stands for "a.app.near" and for "b.a.app.near", but neither for "app.near" nor for "evilapp.near". */
export function nameMatches(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*")) return pattern === name;
  const ending = pattern.slice(1);
  return ending === "" || (name.endsWith(ending) && name.length > ending.length);
}
