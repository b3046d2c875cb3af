import type { Engine } from "./engine.ts";
import { openPostgres, postgresEngine } from "./postgres.ts";
import { openSqlite, openSqliteReader } from "./sqlite.ts";
import { sqlitePath } from "./sqlite-path.ts";
import type { StoreKind } from "./store-kind.ts";

/**
 * Opens a store and brings its schema up to date. `sqlite:PATH` is a file for one process, `postgres://…` a database
 * that many share. Throws the kind's own errors while another process has the file open, and when the database cannot
 * be reached; TypeError for another URL.
 */
export async function openEngine<Schema>(url: string, kind: StoreKind<Schema>): Promise<Engine<Schema>> {
  const path = sqlitePath(url);
  return path === undefined ? openPostgres(postgresUrl(url, kind), kind) : openSqlite(path, kind);
}

/** Opens a store, which processes may be working with, to read it as its schema stands. Throws like `openEngine`. */
export function openReader<Schema>(url: string, kind: StoreKind<Schema>): Engine<Schema> {
  const path = sqlitePath(url);
  return path === undefined ? postgresEngine(postgresUrl(url, kind), kind) : openSqliteReader(path, kind);
}

function postgresUrl<Schema>(url: string, kind: StoreKind<Schema>): string {
  if (/^postgres(ql)?:\/\//.test(url)) return url;
  // The URL may hold a password: it is not repeated.
  throw new TypeError(`a ${kind.name} URL is sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE`);
}
