import { type Engine, ListStatement } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import { parseKeyState } from "../keys/key-states.ts";
import { nonceOf, nonceText } from "../store/nonce-text.ts";
import { RowsStatement } from "../store/rows-statement.ts";
import type { KeyRecordTable, SignerSchema } from "../store/schema.ts";
import { type DailyTotals, totalsOn } from "./daily-totals.ts";
import type { JournalRequest } from "./journal.ts";
import type { KeyStanding, NewReservation } from "./reservation-rules.ts";

type Row = Omit<Selectable<KeyRecordTable>, "backend" | "reference">;

const keysOf = new RowsStatement<Row>((db, rows) =>
  db
    .selectFrom("key_records")
    .select(["public_key", "key_id", "network", "account_id", "state"])
    .select(["pause_reason", "nonce_floor", "highest_nonce"])
    .select(["spent_day", "spent_deposit", "spent_gas"])
    .where("public_key", "in", Array(rows).fill(""))
    .orderBy("public_key"),
);

const lockedKeysOf = new RowsStatement<Row>((db, rows) =>
  db
    .selectFrom("key_records")
    .select(["public_key", "key_id", "network", "account_id", "state"])
    .select(["pause_reason", "nonce_floor", "highest_nonce"])
    .select(["spent_day", "spent_deposit", "spent_gas"])
    .where("public_key", "in", Array(rows).fill(""))
    .orderBy("public_key")
    .forUpdate(),
);

/** How the keys of a call stand on a day, by public key; nobody changes them until the transaction ends. */
export async function lockKeys(
  engine: Engine<SignerSchema>,
  trx: Transaction<SignerSchema>,
  requests: readonly JournalRequest[],
  day: bigint,
): Promise<Map<string, KeyStanding>> {
  const publicKeys = [...new Set(requests.map(({ publicKey }) => publicKey))];
  const rows = await (engine.locksRows ? lockedKeysOf : keysOf).run(
    trx,
    publicKeys.map((publicKey) => [publicKey]),
  );
  return new Map(rows.map((row) => [row.public_key, toStanding(row, day)]));
}

function toStanding(row: Row, day: bigint): KeyStanding {
  return {
    keyId: row.key_id,
    network: row.network,
    accountId: row.account_id,
    state: parseKeyState(row.state),
    pauseReason: row.pause_reason,
    floor: nonceOf(row.nonce_floor),
    highest: nonceOf(row.highest_nonce),
    today: totalsOn(day, spentOf(row)),
  };
}

function spentOf(row: Row): DailyTotals {
  return { day: row.spent_day, deposit: BigInt(row.spent_deposit), gas: BigInt(row.spent_gas) };
}

const STANDING = { public_key: "text", nonce: "text", day: "bigint", deposit: "text", gas: "text" } as const;

const standingsOf = new ListStatement(STANDING, (db: Kysely<SignerSchema>, standings) =>
  db
    .updateTable("key_records as k")
    .from(standings)
    .set((eb) => ({
      highest_nonce: eb.ref("v.nonce"),
      spent_day: eb.ref("v.day").$notNull(),
      spent_deposit: eb.ref("v.deposit").$notNull(),
      spent_gas: eb.ref("v.gas").$notNull(),
    }))
    .whereRef("k.public_key", "=", "v.public_key"),
);

/** Writes the highest nonces of the keys that have new entries, and what they have spent of their day. */
export async function moveKeys(
  trx: Transaction<SignerSchema>,
  added: readonly NewReservation[],
  keys: ReadonlyMap<string, KeyStanding>,
): Promise<void> {
  const moved = [...new Set(added.map(({ request }) => request.publicKey))].flatMap((publicKey) => {
    const key = keys.get(publicKey);
    return key === undefined ? [] : [{ publicKey, ...key }];
  });
  await standingsOf.run(
    trx,
    moved.map(({ publicKey, highest, today: { day, deposit, gas } }) => [
      publicKey,
      nonceText(highest ?? 0n),
      day,
      deposit.toString(),
      gas.toString(),
    ]),
  );
}
