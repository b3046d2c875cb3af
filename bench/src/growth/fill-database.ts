import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { sqlitePath } from "@countersign/sql";
import pg from "pg";

/** The lane that carried all that the ledger is filled with. */
export const LANE = 1;

export interface Series {
  readonly first: number;
  readonly count: number;
}

/** SQL that the engines write differently. */
export interface FillDialect {
  /** Rows with a number `n`, in brackets. */
  series(of: Series): string;
  /** Eight hexadecimal digits of a number below 2^32. */
  hex8(number: string): string;
  bytes(count: number): string;
}

/** A ledger's database as one fills it: nothing else uses it meanwhile, and if the machine stops it is lost. */
export interface FillDatabase {
  readonly dialect: FillDialect;
  begin(): Promise<void>;
  execute(statement: string): Promise<void>;
  /** Leaves it as a ledger in use. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** `url` as openLedger takes it; the ledger's tables are there. */
export function fillDatabase(url: string): FillDatabase {
  const path = sqlitePath(url);
  return path === undefined ? postgres(url) : sqlite(path);
}

/** What a ledger takes on the disk. */
export async function ledgerBytes(url: string): Promise<number> {
  const path = sqlitePath(url);
  if (path !== undefined) return statSync(path).size;
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ size: string }>(
      "select pg_database_size(current_database()) as size",
    );
    return Number(rows[0]?.size);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function sqlite(path: string): FillDatabase {
  const db = new DatabaseSync(path);
  return {
    dialect: {
      series: ({ first, count }) =>
        `(with recursive i (n) as (select ${first} union all select n + 1 from i where n < ${first + count - 1})
          select n from i)`,
      hex8: (number) => `printf('%08x', ${number})`,
      bytes: (count) => `zeroblob(${count})`,
    },
    // Two GiB of pages, so that an index in no order is filled in memory. Out of WAL there is one way.
    begin: async () =>
      db.exec(`pragma journal_mode = delete; pragma journal_mode = memory; pragma synchronous = off;
        pragma cache_size = -2097152`),
    execute: async (statement) => db.exec(statement),
    finish: async () => undefined,
    close: async () => db.close(),
  };
}

/** Keys and indexes are made when all is there, which takes a fraction of the time. */
function postgres(url: string): FillDatabase {
  const client = new pg.Client({ connectionString: url });
  let made: readonly string[] = [];
  const column = async (statement: string) =>
    (await client.query<{ text: string }>(statement)).rows.map(({ text }) => text);
  return {
    dialect: {
      series: ({ first, count }) =>
        `(select n from generate_series(${first}::bigint, ${first + count - 1}::bigint) as i (n))`,
      hex8: (number) => `lpad(to_hex(${number}), 8, '0')`,
      bytes: (count) => `decode(repeat('00', ${count}), 'hex')`,
    },
    begin: async () => {
      await client.connect();
      await client.query("set synchronous_commit = off; set maintenance_work_mem = '512MB'");
      const indexes = `from pg_indexes where schemaname = 'public' and tablename not like 'kysely%'
        and indexname not in (select conname from pg_constraint)`;
      const keys = `from pg_constraint where connamespace = 'public'::regnamespace
        and contype in ('p', 'u') and conrelid::regclass::text not like 'kysely%'`;
      const alter = "'alter table ' || conrelid::regclass ||";
      made = [
        ...(await column(
          `select ${alter} ' add constraint ' || conname || ' ' || pg_get_constraintdef(oid) as text ${keys}`,
        )),
        ...(await column(`select indexdef as text ${indexes}`)),
      ];
      const drops = [
        ...(await column(`select ${alter} ' drop constraint ' || conname as text ${keys}`)),
        ...(await column(`select 'drop index ' || indexname as text ${indexes}`)),
      ];
      for (const statement of drops) await client.query(statement);
    },
    execute: async (statement) => void (await client.query(statement)),
    finish: async () => {
      for (const statement of made) await client.query(statement);
      await client.query("vacuum (analyze)");
    },
    close: () => client.end(),
  };
}
