import { isValidAccountId } from "@countersign/near";

const MIN_LENGTH = 3;

/** What is wrong with a name for a new account below `suffix`; undefined when nothing is. */
export function nameProblem(name: string, suffix: string): string | undefined {
  if (name === "") return "Choose a name.";
  if (/[A-Z]/.test(name)) return "Use small letters.";
  if (name.includes(".")) return `Leave out the end: ${suffix} is added.`;
  if (!/^[a-z0-9_-]*$/.test(name)) return "Use letters from a to z, digits, - and _.";
  if (name.length < MIN_LENGTH) return `Use at least ${MIN_LENGTH} characters.`;
  if (isValidAccountId(name + suffix)) return undefined;
  return name.length + suffix.length > 64 ? "That is too long." : "Put - and _ between letters or digits.";
}
