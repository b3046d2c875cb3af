import type { Insertable, Selectable } from "kysely";
import type { KeyRecord } from "../keys/key-records.ts";
import { parseKeyState } from "../keys/key-states.ts";
import { nonceOf, nonceText } from "./nonce-text.ts";
import type { KeyRecordTable } from "./schema.ts";

export function fromRow(row: Selectable<KeyRecordTable>): KeyRecord {
  return {
    keyId: row.key_id,
    network: row.network,
    accountId: row.account_id,
    publicKey: row.public_key,
    backend: row.backend,
    reference: row.reference,
    state: parseKeyState(row.state),
    pauseReason: row.pause_reason,
    nonceFloor: nonceOf(row.nonce_floor),
    highestNonce: nonceOf(row.highest_nonce),
  };
}

/** Without what the key has spent of its day: only reservations write that. */
export function toRow(key: KeyRecord): Insertable<KeyRecordTable> {
  return {
    public_key: key.publicKey,
    key_id: key.keyId,
    network: key.network,
    account_id: key.accountId,
    backend: key.backend,
    reference: key.reference,
    state: key.state,
    pause_reason: key.pauseReason,
    nonce_floor: key.nonceFloor === null ? null : nonceText(key.nonceFloor),
    highest_nonce: key.highestNonce === null ? null : nonceText(key.highestNonce),
  };
}
