import { randomBytes } from "node:crypto";
import { join } from "node:path";
import pg from "pg";

export type EngineName = "sqlite" | "postgres";

/** An empty ledger for one run. */
export interface BenchLedger {
  readonly url: string;
  drop(): Promise<void>;
}

/** A server's URL for fresh databases, as scripts/services.sh sets it. */
const postgresUrl = process.env.TEST_POSTGRES_URL;

/** Why an engine cannot be measured here; undefined when it can. */
export function whySkipped(engine: EngineName): string | undefined {
  if (engine === "sqlite" || postgresUrl !== undefined) return undefined;
  return "no PostgreSQL: set TEST_POSTGRES_URL or run through scripts/services.sh run";
}

/** Makes an empty ledger, a file in `folder` or a database of its own on the server. */
export async function freshLedger(engine: EngineName, folder: string): Promise<BenchLedger> {
  if (engine === "sqlite") return { url: `sqlite:${join(folder, "relay.db")}`, drop: async () => undefined };
  const name = `bench_${randomBytes(8).toString("hex")}`;
  await query(`create database ${name}`);
  const url = new URL(postgresUrl ?? "");
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await query(`drop database ${name} with (force)`);
    },
  };
}

/** What the server says of itself. */
export async function postgresFacts(): Promise<Record<string, string>> {
  const [facts] = await query(
    `select current_setting('server_version') as version,
            current_setting('synchronous_commit') as synchronous_commit,
            current_setting('fsync') as fsync`,
  );
  return facts ?? {};
}

async function query(statement: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(statement)).rows;
  } finally {
    await client.end();
  }
}
