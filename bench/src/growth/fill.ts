import { type FillDatabase, LANE, type Series } from "./fill-database.ts";
import { fillStatements, NO_HASH } from "./fill-statements.ts";
import { ARCHIVE, TENANT } from "./names.ts";

/** Rows of one statement: what a transaction of either engine takes easily. */
const SLICE = 250_000;

/**
 * Puts finished submissions into an empty ledger, with all that hangs on each, and leaves it as a server does that has
 * worked for long: PostgreSQL's autovacuum has cleaned and analysed it; SQLite has no statistics, since the relay makes none.
 */
export async function fill(database: FillDatabase, rows: number, until: Date): Promise<void> {
  try {
    await database.begin();
    await insertAll(database, rows, until.getTime() - rows);
    await database.finish();
  } finally {
    await database.close();
  }
}

async function insertAll({ dialect, execute }: FillDatabase, rows: number, first: number): Promise<void> {
  for (const { table, share, insert } of fillStatements(dialect, first)) {
    const count = Math.max(1, Math.floor(rows * share));
    for (let done = 0; done < count; done += SLICE) {
      const series: Series = { first: done + 1, count: Math.min(SLICE, count - done) };
      await execute(`${insert} from ${dialect.series(series)} as s`);
    }
    process.stderr.write(`bench: ${count} rows of ${table}\n`);
  }
  const chains = [TENANT, ARCHIVE].map((tenant) => `('${tenant}', ${rows}, '${NO_HASH}', ${rows}, 0)`);
  await execute(`insert into audit_chains (tenant, sequence, hash, signed_sequence, checkpoint_sequence)
    values ${chains.join(", ")}`);
  await execute(`update lanes set next_nonce = ${rows + 1} where id = ${LANE}`);
}
