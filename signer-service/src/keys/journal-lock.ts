import type { KeyRecord } from "./key-records.ts";

/** Whether a key signs nothing because nobody knows where it stands on the chain. */
export function isLocked({ state, nonceFloor }: Pick<KeyRecord, "state" | "nonceFloor">): boolean {
  return state === "ACTIVE" && nonceFloor === null;
}

/** Why the journal lets no key sign; empty when it is open for one, or there is none that could. */
export function lockReason(keys: readonly Pick<KeyRecord, "state" | "nonceFloor">[]): string {
  const active = keys.filter(({ state }) => state === "ACTIVE");
  if (active.length === 0 || !active.every(isLocked)) return "";
  return "no key's nonce was read from the chain since this store began";
}
