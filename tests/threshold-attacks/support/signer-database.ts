import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import pg from "pg";
import { postgresUrl } from "../../support/postgres.ts";

/** An empty database that nobody is connected to, so that it can be copied and put back. */
export async function createSignerDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await atServer(`create database ${name}`);
  const url = new URL(postgresUrl ?? "");
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => atServer(`drop database ${name} with (force)`) };
}

/** Puts a signer's store back to what it was. No signer may have it open, here and when it is called. */
export type PutBack = () => Promise<void>;

/** Takes a copy of a SQLite file, or of a PostgreSQL database. */
export async function snapshotOf(store: string): Promise<PutBack> {
  if (!store.startsWith("postgres")) {
    const copy = readFileSync(store);
    // Into the same file: nothing of what the file system knows of it changes.
    return async () => writeFileSync(store, copy);
  }
  const name = new URL(store).pathname.slice(1);
  await atServer(`create database ${name}_copy template ${name}`);
  return async () => {
    await atServer(`drop database ${name} with (force)`);
    await atServer(`alter database ${name}_copy rename to ${name}`);
  };
}

async function atServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
