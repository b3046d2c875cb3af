import { randomBytes } from "node:crypto";
import pg from "pg";

/** A database of its own on the test run's PostgreSQL. */
export interface TestDatabase {
  readonly url: string;
  /** Runs SQL beside whoever uses the database. */
  query<T extends object>(sql: string, parameters?: readonly unknown[]): Promise<T[]>;
  /** Ends every other connection to the database, as a restart of the server would. */
  cutConnections(): Promise<void>;
  drop(): Promise<void>;
}

/** The server that scripts/services.sh started; undefined without one. */
export const postgresUrl = process.env.TEST_POSTGRES_URL;

/** Makes an empty database. Throws without a server. */
export async function createDatabase(): Promise<TestDatabase> {
  if (postgresUrl === undefined)
    throw new Error("TEST_POSTGRES_URL is not set: run through scripts/services.sh");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await once(postgresUrl, `create database ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  return {
    url: url.href,
    query: async <T extends object>(sql: string, parameters: readonly unknown[] = []) =>
      (await client.query<T>(sql, [...parameters])).rows,
    cutConnections: async () => {
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
        [name],
      );
    },
    drop: async () => {
      await client.end();
      await once(postgresUrl ?? "", `drop database ${name} with (force)`);
    },
  };
}

async function once(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
