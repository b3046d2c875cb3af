import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { sqlitePath } from "@countersign/sql";
import type { StoreConfig } from "./store-schema.ts";

/** How long the signer's commits may hold the backup up, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Copies a SQLite store, also while its signer runs, into a new file that only this user may read. The copy has no
 * incarnation: put back, it is locked. Throws an Error for the operator; then there is no file.
 */
export function backupStore({ url }: StoreConfig, target: string): void {
  const path = sqlitePath(url.reveal());
  if (path === undefined) {
    throw new Error(
      "only a SQLite store is backed up like this; for PostgreSQL: pg_dump --exclude-table-data=store_identity",
    );
  }
  const source = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    // SQLite fills an empty file; a name that is taken is refused here.
    const file = openSync(target, "wx", 0o600);
    try {
      source.prepare("vacuum into ?").run(target);
      forgetIdentity(target);
      fsyncSync(file);
    } catch (error) {
      rmSync(target);
      throw error;
    } finally {
      closeSync(file);
    }
  } finally {
    source.close();
  }
}

function forgetIdentity(target: string): void {
  const copy = new DatabaseSync(target);
  try {
    copy.exec("pragma synchronous = full; delete from store_identity");
  } finally {
    copy.close();
  }
}
