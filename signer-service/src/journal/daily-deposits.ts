import { whole } from "@countersign/sql";
import type { Transaction } from "kysely";
import { RowsStatement } from "../store/rows-statement.ts";
import type { SignerSchema } from "../store/schema.ts";
import type { JournalRequest } from "./journal.ts";
import type { KeyStanding, NewReservation } from "./reservation-rules.ts";

const DAY_MS = 86_400_000;

/** The day (UTC) of a time, in days since the epoch. */
export function utcDay(at: Date): bigint {
  return whole(Math.floor(at.getTime() / DAY_MS), "day");
}

const depositsOf = new RowsStatement<{ public_key: string; amount: string }>((db, rows) =>
  db
    .selectFrom("daily_deposits")
    .select(["public_key", "amount"])
    .where((eb) => eb.or(Array.from({ length: rows }, () => eb.and({ public_key: "", day: 0n })))),
);

/** Completes the standings of the keys that are to move something with what they have moved today. */
export async function readDeposits(
  trx: Transaction<SignerSchema>,
  day: bigint,
  requests: readonly JournalRequest[],
  keys: ReadonlyMap<string, KeyStanding>,
): Promise<void> {
  const moving = requests.filter(({ deposit }) => deposit > 0n).map(({ publicKey }) => publicKey);
  const rows = await depositsOf.run(
    trx,
    [...new Set(moving)].map((publicKey) => [publicKey, day]),
  );
  for (const { public_key, amount } of rows) {
    const key = keys.get(public_key);
    if (key !== undefined) key.depositToday = BigInt(amount);
  }
}

const writeOf = new RowsStatement((db, rows) =>
  db
    .insertInto("daily_deposits")
    .values(Array.from({ length: rows }, () => ({ public_key: "", day: 0n, amount: "" })))
    .onConflict((oc) =>
      oc.columns(["public_key", "day"]).doUpdateSet((eb) => ({ amount: eb.ref("excluded.amount") })),
    ),
);

/** Writes what the keys with new entries have moved today; their rows are locked. */
export async function writeDeposits(
  trx: Transaction<SignerSchema>,
  day: bigint,
  added: readonly NewReservation[],
  keys: ReadonlyMap<string, KeyStanding>,
): Promise<void> {
  const moving = added.filter(({ request }) => request.deposit > 0n).map(({ request }) => request.publicKey);
  await writeOf.run(
    trx,
    [...new Set(moving)].map((publicKey) => [
      publicKey,
      day,
      (keys.get(publicKey)?.depositToday ?? 0n).toString(),
    ]),
  );
}
