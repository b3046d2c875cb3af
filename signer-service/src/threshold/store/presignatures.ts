import { type Engine, FixedStatement, toMillis, whole } from "@countersign/sql";
import { sql, type Transaction } from "kysely";
import { fromHex, toHex } from "../../chain/hash-text.ts";
import type { SealPlace, Seals } from "../../sealing/seals.ts";
import type { SignerSchema } from "../../store/schema.ts";
import type { EcdsaStore, NewPresign, PoolEntry } from "../ecdsa/ecdsa-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";

const poolOf = new FixedStatement<SignerSchema, { id: string }>((db) =>
  db
    .selectFrom("threshold_presignatures")
    .select("id")
    .where("key_id", "=", "")
    .where("tenant", "=", "")
    .where("user_id", "=", "")
    .where("epoch", "=", 0n)
    .where("state", "=", sql.lit("available"))
    .where("incarnation", "=", currentIncarnation)
    .orderBy("created_at")
    .orderBy("id"),
);

export function poolOver(engine: Engine<SignerSchema>): Pick<EcdsaStore, "pool"> {
  return {
    async pool({ tenant, user }, keyId, epoch) {
      const rows = await engine.read((db) => poolOf.run(db, [keyId, tenant, user, whole(epoch, "epoch")]));
      return rows.map(({ id }) => fromHex(id));
    },
  };
}

/** Where a presignature's secrets are sealed, reserved or not. */
export function presignaturePlace(id: string, keyId: string): SealPlace {
  return { purpose: "presignature", sessionId: id, stage: "open", keyId };
}

/** Puts what a presign session has made into its key's pool. */
export async function insertPresignature(
  trx: Transaction<SignerSchema>,
  seals: Seals,
  { presign, entry, createdAt }: { presign: NewPresign; entry: PoolEntry; createdAt: Date },
): Promise<void> {
  const { id: presignId, owner, keyId, epoch } = presign;
  const id = toHex(entry.id);
  await trx
    .insertInto("threshold_presignatures")
    .values({
      id,
      presign_id: presignId,
      tenant: owner.tenant,
      user_id: owner.user,
      key_id: keyId,
      epoch: whole(epoch, "epoch"),
      state: "available",
      sealed: toHex(seals.seal(presignaturePlace(id, keyId), entry.state)),
      created_at: toMillis(createdAt, "time of a presignature"),
      incarnation: currentIncarnation,
    })
    .execute();
}

/** Destroys what a presign session has made, unless it is used. */
export async function destroyOfPresign(trx: Transaction<SignerSchema>, presignId: string): Promise<void> {
  // Reserving and this wait for each other's row, and then find it as the other has left it.
  await trx
    .deleteFrom("threshold_presignatures")
    .where("presign_id", "=", presignId)
    .where("state", "=", sql.lit("available"))
    .execute();
  await trx
    .updateTable("threshold_presignatures")
    .set({ state: sql.lit("destroyed"), sealed: sql<null>`null` })
    .where("presign_id", "=", presignId)
    .where("state", "=", sql.lit("reserved"))
    .execute();
}
