import type { KeptAdminGrant } from "../grants/admin-grants.ts";
import type { KeyRecord } from "./key-records.ts";

/** A key of an account, with what only relays' own keys have. */
export interface AccountKey extends KeyRecord {
  /** When a relay had it made; null for a key that operators brought. */
  readonly madeAt: Date | null;
  /** Whether a relay had it made since the store's life began: then the journal knows all that it signed. */
  readonly isMadeInThisLife: boolean;
}

/** An account's keys, and the grants about keys, at one moment. */
export interface AccountStanding {
  readonly network: string;
  readonly accountId: string;
  readonly keys: readonly AccountKey[];
  /** Ids of keys that are being made for the account, here or by another signer of the store. */
  readonly claimed: readonly string[];
  /** Those about keys that are not revoked, of all accounts; not verified again yet. */
  readonly grants: readonly KeptAdminGrant[];
}

/**
 * Whether a relay's change of a key may be made, decided in the transaction that makes it: nobody changes the account's
 * keys or the grants meanwhile. Gives what the audit says beside the change; throws a DomainError to refuse it.
 */
export type KeyCheck = (standing: AccountStanding) => Readonly<Record<string, string>>;
