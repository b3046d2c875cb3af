/** Account names: NEP-492's rules as in the near-account-id crate (src/validation.rs). */

const ACCOUNT_ID = /^(?:(?:[a-z\d]+[-_])*[a-z\d]+\.)*(?:[a-z\d]+[-_])*[a-z\d]+$/;
const MIN_LENGTH = 2;
const MAX_LENGTH = 64;

/** The predecessor of refunds; no key, no state (near-account-id: AccountIdRef::is_system). */
export const SYSTEM_ACCOUNT = "system";

/** 2 to 64 characters; parts of lower-case letters and digits with single `-` or `_` between them, joined by dots. */
export function isValidAccountId(id: string): boolean {
  return id.length >= MIN_LENGTH && id.length <= MAX_LENGTH && ACCOUNT_ID.test(id);
}

/** 64 hexadecimal digits: an account that the holder of that Ed25519 key owns, created by a transfer (NEP-448, NEP-71). */
export function isNearImplicit(id: string): boolean {
  return id.length === 64 && /^[a-f\d]{64}$/.test(id);
}

/** `0x` and 40 hexadecimal digits (NEP-518). The devnet does not create them. */
export function isEthImplicit(id: string): boolean {
  return /^0x[a-f\d]{40}$/.test(id);
}

export function isTopLevel(id: string): boolean {
  return id !== SYSTEM_ACCOUNT && !id.includes(".");
}

/** Whether `id` is `<one part>.<parent>` (AccountIdRef::is_sub_account_of). */
export function isSubAccountOf(id: string, parent: string): boolean {
  return id.endsWith(`.${parent}`) && !id.slice(0, -parent.length - 1).includes(".");
}
