import type { KeyRecord, KeyRecords } from "./key-records.ts";

/** The records of the keys that the signer holds now, by id. Throws SIGNER_STORE_UNAVAILABLE. */
export type HeldRecords = () => Promise<KeyRecord[]>;

/** The store also knows keys of other signers, and of earlier configurations: those are left out. */
export function heldRecords(
  records: Pick<KeyRecords, "list">,
  held: () => readonly { readonly keyId: string }[],
): HeldRecords {
  return async () => {
    const known = await records.list();
    const ids = new Set(held().map(({ keyId }) => keyId));
    return known.filter(({ keyId }) => ids.has(keyId));
  };
}
