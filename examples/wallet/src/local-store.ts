import type { Hash } from "viem";
import { browserStore } from "./browser-store.ts";

const ACCOUNT = "example-wallet/account";
const EVM_SENT = "example-wallet/evm-sent/";
const MAX_SENT = 50;

/** A transaction that this browser sent. The chain has no list of an address's own. */
export interface EvmSent {
  readonly hash: Hash;
  readonly to: string;
  /** In wei. */
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The account that was used last in this browser. */
export const lastAccount = {
  get: (): string | undefined => browserStore.getItem(ACCOUNT) ?? undefined,
  set: (accountId: string): void => browserStore.setItem(ACCOUNT, accountId),
};

/** The latest first. What somebody else wrote there is left alone. */
export function evmSent(accountId: string): readonly EvmSent[] {
  try {
    const list: unknown = JSON.parse(browserStore.getItem(EVM_SENT + accountId) ?? "[]");
    return Array.isArray(list) ? list.filter(isSent) : [];
  } catch {
    return [];
  }
}

export function rememberSent(accountId: string, sent: EvmSent): void {
  const list = [sent, ...evmSent(accountId)].slice(0, MAX_SENT);
  browserStore.setItem(EVM_SENT + accountId, JSON.stringify(list));
}

function isSent(value: unknown): value is EvmSent {
  if (typeof value !== "object" || value === null) return false;
  const { hash, to, value: wei, at } = value as Record<string, unknown>;
  return (
    typeof hash === "string" &&
    typeof to === "string" &&
    typeof wei === "string" &&
    /^\d{1,78}$/.test(wei) &&
    typeof at === "number"
  );
}
