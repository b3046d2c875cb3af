import { type Engine, FixedStatement, fromMillis, toMillis, whole } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import { fromHex, toHex } from "../../chain/hash-text.ts";
import type { SignerSchema, ThresholdCredentialTable, ThresholdKeyTable } from "../../store/schema.ts";
import type { SecretName } from "../master-secrets/secret-name.ts";
import { MAX_KEYS_OF_A_USER, type ThresholdKeyRecord, type ThresholdStore } from "../threshold-store.ts";

type KeyRow = Selectable<ThresholdKeyTable>;
type CredentialRow = Selectable<ThresholdCredentialTable>;

const keyOf = new FixedStatement<SignerSchema, KeyRow>((db) =>
  db.selectFrom("threshold_keys").selectAll().where("key_id", "=", ""),
);

const credentialsOf = new FixedStatement<SignerSchema, CredentialRow>((db) =>
  db.selectFrom("threshold_credentials").selectAll().where("key_id", "=", "").orderBy("position"),
);

/** The columns of two counters: the one that was seen, and the new one. */
const counterOf = new FixedStatement<SignerSchema, { key_id: string }>((db) =>
  db
    .updateTable("threshold_credentials")
    .set({ counter: 0n })
    .where("key_id", "=", "")
    .where("credential_id", "=", "")
    // A passkey without a counter says 0 each time.
    .where("counter", "<=", 0n)
    .returning("key_id"),
);

export function keysOver(
  engine: Engine<SignerSchema>,
): Pick<ThresholdStore, "insertKey" | "key" | "keysOf" | "noteCounter"> {
  return {
    insertKey: (record) => engine.write((trx) => insertKey(trx, record)),
    key: (keyId) => engine.read((db) => readKey(db, keyId)),
    async keysOf(tenant, users) {
      if (users.length === 0) return [];
      return engine.read(async (db) => {
        const rows = await db
          .selectFrom("threshold_keys")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("user_id", "in", users)
          .orderBy("created_at")
          .orderBy("key_id")
          .limit(MAX_KEYS_OF_A_USER)
          .execute();
        const keyIds = rows.map((row) => row.key_id);
        if (keyIds.length === 0) return [];
        const credentials = await db
          .selectFrom("threshold_credentials")
          .selectAll()
          .where("key_id", "in", keyIds)
          .orderBy("position")
          .execute();
        return rows.map((row) =>
          fromRows(
            row,
            credentials.filter(({ key_id }) => key_id === row.key_id),
          ),
        );
      });
    },
    async noteCounter(keyId, credentialId, counter) {
      const seen = whole(counter, "counter of a credential");
      // What was seen must be below the new one, or both 0.
      const highest = seen === 0n ? 0n : seen - 1n;
      const noted = await engine.write((trx) =>
        counterOf.run(trx, [seen, keyId, toHex(credentialId), highest]),
      );
      return noted.length > 0;
    },
  };
}

/** Schemes, networks and epochs that keys were made with: their master secrets are needed. */
export async function epochsInUse(engine: Engine<SignerSchema>): Promise<SecretName[]> {
  const rows = await engine.read((db) =>
    db.selectFrom("threshold_keys").select(["scheme_id", "network", "epoch"]).distinct().execute(),
  );
  return rows.map(({ scheme_id, network, epoch }) => ({ scheme: scheme_id, network, epoch: Number(epoch) }));
}

async function insertKey(
  trx: Transaction<SignerSchema>,
  record: ThresholdKeyRecord,
): Promise<ThresholdKeyRecord> {
  const inserted = await trx
    .insertInto("threshold_keys")
    .values({
      key_id: record.keyId,
      scheme_id: record.schemeId,
      tenant: record.tenant,
      user_id: record.user,
      network: record.network,
      account_id: record.accountId,
      rp_id: record.rpId,
      client_share: toHex(record.clientVerifyingShare),
      relayer_share: toHex(record.relayerVerifyingShare),
      epoch: whole(record.epoch, "epoch"),
      created_at: toMillis(record.createdAt, "time of a key's creation"),
    })
    .onConflict((oc) => oc.doNothing())
    .returning("key_id")
    .executeTakeFirst();
  if (inserted !== undefined && record.credentials.length > 0) {
    const credentials = record.credentials.map(({ id, publicKey }, i) => ({
      key_id: record.keyId,
      credential_id: toHex(id),
      position: BigInt(i),
      public_key: toHex(publicKey),
      counter: 0n,
    }));
    await trx.insertInto("threshold_credentials").values(credentials).execute();
  }
  const standing = await readKey(trx, record.keyId);
  if (standing === undefined) throw new Error(`the record of the key ${record.keyId} is gone`);
  return standing;
}

async function readKey(db: Kysely<SignerSchema>, keyId: string): Promise<ThresholdKeyRecord | undefined> {
  const [row] = await keyOf.run(db, [keyId]);
  return row === undefined ? undefined : fromRows(row, await credentialsOf.run(db, [keyId]));
}

function fromRows(row: KeyRow, credentials: readonly CredentialRow[]): ThresholdKeyRecord {
  return {
    keyId: row.key_id,
    schemeId: row.scheme_id,
    tenant: row.tenant,
    user: row.user_id,
    network: row.network,
    accountId: row.account_id,
    rpId: row.rp_id,
    clientVerifyingShare: fromHex(row.client_share),
    relayerVerifyingShare: fromHex(row.relayer_share),
    epoch: Number(row.epoch),
    credentials: credentials.map(({ credential_id, public_key }) => ({
      id: fromHex(credential_id),
      publicKey: fromHex(public_key),
    })),
    createdAt: fromMillis(row.created_at),
  };
}
