import type { Engine } from "@countersign/sql";
import type { Transaction } from "kysely";
import { toHex } from "../chain/hash-text.ts";
import type { AdminGrant, KeptAdminGrant } from "../grants/admin-grants.ts";
import { fromRow } from "../store/admin-grant-rows.ts";
import type { SignerSchema } from "../store/schema.ts";
import type { JournalRequest } from "./journal.ts";
import type { JournalView } from "./reservation-rules.ts";

/** Those of the kept grants that hold at a time: verified again, because the store is not trusted to make grants. */
export type GrantsThatHold = (kept: readonly KeptAdminGrant[], at: Date) => readonly AdminGrant[];

/** The repairs that admin grants allow now. They are few, and looked at only when nonces conflict. */
export async function openRepairs(
  engine: Engine<SignerSchema>,
  trx: Transaction<SignerSchema>,
  grantsThatHold: GrantsThatHold,
  at: Date,
): Promise<JournalView["takeRepair"]> {
  const query = trx
    .selectFrom("admin_grants")
    .selectAll()
    .where("kind", "=", "journal_repair")
    .where("revoked", "=", 0n)
    .where("used", "=", 0n)
    .orderBy("id");
  const rows = await (engine.locksRows ? query.forUpdate() : query).execute();
  const open = new Map(
    grantsThatHold(rows.map(fromRow), at).flatMap(({ id, allows }) => {
      if (allows.kind !== "journal_repair") return [];
      const { network, accountId, publicKey, nonce, oldPayloadHash } = allows;
      return [[repairKey(network, accountId, publicKey, nonce, toHex(oldPayloadHash)), id] as const];
    }),
  );
  return ({ network, accountId, publicKey, nonce }: JournalRequest, oldPayloadHash) => {
    const key = repairKey(network, accountId, publicKey, nonce, oldPayloadHash);
    const id = open.get(key);
    open.delete(key);
    return id;
  };
}

/** A repair grant works once. */
export async function markUsed(trx: Transaction<SignerSchema>, id: string): Promise<void> {
  await trx.updateTable("admin_grants").set({ used: 1n }).where("id", "=", id).execute();
}

function repairKey(...names: (string | bigint)[]): string {
  return names.join(" ");
}
