import { type Engine, valueList } from "@countersign/sql";
import type { Transaction } from "kysely";
import { parseKeyState } from "../keys/key-states.ts";
import { nonceOf, nonceText } from "../store/nonce-text.ts";
import { RowsStatement } from "../store/rows-statement.ts";
import type { KeyRecordTable, SignerSchema } from "../store/schema.ts";
import type { JournalRequest } from "./journal.ts";
import type { KeyStanding, NewReservation } from "./reservation-rules.ts";

type Row = Omit<KeyRecordTable, "backend" | "reference">;

const keysOf = new RowsStatement<Row>((db, rows) =>
  db
    .selectFrom("key_records")
    .select(["public_key", "key_id", "network", "account_id", "state"])
    .select(["pause_reason", "nonce_floor", "highest_nonce"])
    .where("public_key", "in", Array(rows).fill(""))
    .orderBy("public_key"),
);

const lockedKeysOf = new RowsStatement<Row>((db, rows) =>
  db
    .selectFrom("key_records")
    .select(["public_key", "key_id", "network", "account_id", "state"])
    .select(["pause_reason", "nonce_floor", "highest_nonce"])
    .where("public_key", "in", Array(rows).fill(""))
    .orderBy("public_key")
    .forUpdate(),
);

/** How the keys of a call stand, by public key; nobody changes them until the transaction ends. */
export async function lockKeys(
  engine: Engine<SignerSchema>,
  trx: Transaction<SignerSchema>,
  requests: readonly JournalRequest[],
): Promise<Map<string, KeyStanding>> {
  const publicKeys = [...new Set(requests.map(({ publicKey }) => publicKey))];
  const rows = await (engine.locksRows ? lockedKeysOf : keysOf).run(
    trx,
    publicKeys.map((publicKey) => [publicKey]),
  );
  return new Map(rows.map((row) => [row.public_key, toStanding(row)]));
}

function toStanding(row: Row): KeyStanding {
  return {
    keyId: row.key_id,
    network: row.network,
    accountId: row.account_id,
    state: parseKeyState(row.state),
    pauseReason: row.pause_reason,
    floor: nonceOf(row.nonce_floor),
    highest: nonceOf(row.highest_nonce),
    depositToday: 0n,
  };
}

const highestOf = new RowsStatement((db, rows) =>
  db
    .updateTable("key_records as k")
    .from(
      valueList(
        "v",
        { public_key: "text", nonce: "text" },
        Array.from({ length: rows }, () => ({ public_key: "", nonce: "" })),
      ),
    )
    .set((eb) => ({ highest_nonce: eb.ref("v.nonce") }))
    .whereRef("k.public_key", "=", "v.public_key"),
);

/** Writes the highest nonces of the keys that have new entries. */
export async function raiseHighest(
  trx: Transaction<SignerSchema>,
  added: readonly NewReservation[],
  keys: ReadonlyMap<string, KeyStanding>,
): Promise<void> {
  const publicKeys = new Set(added.map(({ request }) => request.publicKey));
  await highestOf.run(
    trx,
    [...publicKeys].map((publicKey) => [publicKey, nonceText(keys.get(publicKey)?.highest ?? 0n)]),
  );
}
