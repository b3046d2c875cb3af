import { formatPublicKey } from "@countersign/near";
import type { AdminGrant, KeyManagementGrant } from "../grants/admin-grants.ts";
import type { KeyRecord } from "../keys/key-records.ts";
import type { RelayerKey } from "../relayer-signer/key-backend.ts";
import type { AccessKeyAction } from "./intent.ts";
import { policyDenied } from "./refusals.ts";

/**
 * Lanes' keys alone may come and go: AddKey of a pending key that the signer holds, DeleteKey of a drained one while an
 * active one stays, both of the signing key's own account and network, each within a grant that holds now. Throws
 * SIGNER_POLICY_DENIED.
 *
 * @param heldRecords the records of the keys that the signer holds now
 * @param grants admin grants that were verified and hold now
 */
export function checkKeyChanges(
  changes: readonly AccessKeyAction[],
  key: RelayerKey,
  heldRecords: readonly KeyRecord[],
  grants: readonly AdminGrant[],
): void {
  const allowing = grants.flatMap(({ allows }) => (isFor(allows, key) ? [allows] : []));
  const records = heldRecords.filter((r) => r.network === key.network && r.accountId === key.accountId);
  const byPublicKey = new Map(records.map((record) => [record.publicKey, record]));
  for (const change of changes) {
    const record = byPublicKey.get(formatPublicKey(change.publicKey));
    if (change.kind === "AddKey") checkAdded(change, record, allowing);
    else checkDeleted(record, records, allowing);
  }
}

function isFor(allows: AdminGrant["allows"], key: RelayerKey): allows is KeyManagementGrant {
  return (
    allows.kind === "key_management" && allows.network === key.network && allows.accountId === key.accountId
  );
}

function checkAdded(
  { permission, nonce }: Extract<AccessKeyAction, { kind: "AddKey" }>,
  record: KeyRecord | undefined,
  grants: readonly KeyManagementGrant[],
): void {
  if (!grants.some(({ mayAdd }) => mayAdd)) {
    throw policyDenied("no admin grant lets keys of this account be added now");
  }
  if (record?.state !== "PENDING" || record.pauseReason !== null) {
    throw policyDenied("AddKey is only for a pending key that the signer holds for this account");
  }
  if (permission.kind !== "FullAccess" || nonce !== 0n) {
    throw policyDenied("AddKey must give full access, with nonce 0");
  }
}

function checkDeleted(
  record: KeyRecord | undefined,
  records: readonly KeyRecord[],
  grants: readonly KeyManagementGrant[],
): void {
  if (!grants.some(({ mayDelete }) => mayDelete)) {
    throw policyDenied("no admin grant lets keys of this account be deleted now");
  }
  // The key that signs is active, so it never deletes itself.
  if (record?.state !== "DRAINED") {
    throw policyDenied("DeleteKey is only for a drained key that the signer holds for this account");
  }
  if (!records.some(({ state, pauseReason }) => state === "ACTIVE" && pauseReason === null)) {
    throw policyDenied("DeleteKey would leave the account without an active key");
  }
}
