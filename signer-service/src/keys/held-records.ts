import { formatPublicKey } from "@countersign/near";
import type { RelayerKey } from "../relayer-signer/key-backend.ts";
import type { KeyRecord, KeyRecords } from "./key-records.ts";
import type { RingKey } from "./ring-key.ts";

/** The records of the keys that the signer holds now, by id. Throws SIGNER_STORE_UNAVAILABLE. */
export type HeldRecords = () => Promise<KeyRecord[]>;

type HeldKey = RelayerKey & Pick<RingKey, "isRetired">;

/**
 * The store also knows keys of other signers, and of earlier configurations: those are left out. So is a record that
 * names another public key, account or network than the key that is held, or brings a retired key back: whoever can
 * write to the store could have a key of their own added to the relayer's account otherwise.
 */
export function heldRecords(records: Pick<KeyRecords, "list">, held: () => readonly HeldKey[]): HeldRecords {
  return async () => {
    const known = await records.list();
    const byId = new Map(held().map((key) => [key.keyId, key]));
    return known.filter((record) => isHeld(record, byId.get(record.keyId)));
  };
}

/** Whether a record says of a key what the key itself says. */
export function isHeld(record: KeyRecord, key: HeldKey | undefined): boolean {
  return key !== undefined && isOf(record, key);
}

function isOf(record: KeyRecord, key: HeldKey): boolean {
  return (
    (key.isRetired !== true || record.state === "RETIRED") &&
    record.publicKey === formatPublicKey(key.publicKey) &&
    record.network === key.network &&
    record.accountId === key.accountId
  );
}
