import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { toMillis } from "@countersign/sql";
import type { Transaction } from "kysely";
import { appendAudit, type DatedEvent } from "../audit/append-audit.ts";
import type { KeyRecord, NewKeyRecord } from "../keys/key-records.ts";
import { fromRow, toRow } from "./key-record-rows.ts";
import type { SignerSchema } from "./schema.ts";
import { readIdentity } from "./store-identity.ts";

/** Enters keys that are unknown; see KeyRecords.enter. With what the audit says of a relay's own key, they are such keys. */
export async function enterKeys(
  trx: Transaction<SignerSchema>,
  keys: readonly NewKeyRecord[],
  actor: string,
  at: Date,
  ofRelay?: Readonly<Record<string, string>>,
): Promise<KeyRecord[]> {
  const made = ofRelay === undefined ? {} : await madeNow(trx, at);
  const events: DatedEvent[] = [];
  const records = new Map<string, KeyRecord>();
  // One order for all: two signers that start together must not wait for each other.
  for (const key of keys.toSorted((a, b) => (a.publicKey < b.publicKey ? -1 : 1))) {
    const entered: KeyRecord = { ...key, pauseReason: null, nonceFloor: null, highestNonce: null };
    const inserted = await trx
      .insertInto("key_records")
      .values({ ...toRow(entered), ...made })
      .onConflict((oc) => oc.doNothing())
      .returning("public_key")
      .executeTakeFirst();
    if (inserted !== undefined) {
      const detail = { ...detailOf(entered), ...ofRelay };
      events.push({ at, kind: "key entered", actor, keyId: key.keyId, detail });
      records.set(key.publicKey, entered);
      continue;
    }
    const known = await findKnown(trx, key);
    if (known.backend !== key.backend || known.reference !== key.reference) {
      const { backend, reference } = key;
      const moved = { backend, reference };
      await trx.updateTable("key_records").set(moved).where("public_key", "=", key.publicKey).execute();
      events.push({ at, kind: "key found elsewhere", actor, keyId: key.keyId, detail: detailOf(key) });
      records.set(key.publicKey, { ...known, ...moved });
    } else records.set(key.publicKey, known);
  }
  await appendAudit(trx, events);
  return keys.flatMap(({ publicKey }) => records.get(publicKey) ?? []);
}

async function madeNow(trx: Transaction<SignerSchema>, at: Date) {
  const { incarnation } = await readIdentity(trx);
  return { pool_made_at: toMillis(at, "time when a key was made"), pool_incarnation: incarnation };
}

async function findKnown(trx: Transaction<SignerSchema>, key: NewKeyRecord): Promise<KeyRecord> {
  const rows = await trx
    .selectFrom("key_records")
    .selectAll()
    .where((eb) => eb.or([eb("key_id", "=", key.keyId), eb("public_key", "=", key.publicKey)]))
    .execute();
  for (const known of rows.map(fromRow)) {
    if (known.keyId !== key.keyId) throw exists(`the public key ${key.publicKey} is that of ${known.keyId}`);
    if (known.publicKey !== key.publicKey) throw exists(`the key ${key.keyId} is ${known.publicKey}`);
    if (known.network !== key.network || known.accountId !== key.accountId) {
      throw exists(`the key ${key.keyId} belongs to ${known.accountId} on ${known.network}`);
    }
    return known;
  }
  throw new Error(`the record of the key ${key.keyId} is gone`);
}

function exists(message: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_KEY_EXISTS, message);
}

function detailOf(key: NewKeyRecord): Record<string, string> {
  return {
    network: key.network,
    account: key.accountId,
    public_key: key.publicKey,
    backend: key.backend,
    reference: key.reference,
    state: key.state,
  };
}
