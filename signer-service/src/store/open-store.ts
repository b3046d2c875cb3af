import { sqlitePath } from "@countersign/sql";
import type { OpenedStore, StoreOptions } from "./opened-store.ts";
import { openPostgresStore } from "./postgres-store.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import type { StoreConfig } from "./store-schema.ts";

/**
 * Opens the signer's store, brings its schema up to date and makes sure that it is what it was: one that was put back
 * from a backup, copied or moved by a failover that may have lost entries forgets its nonce floors, so that no key signs
 * before an operator has read its nonce on the chain. Throws SIGNER_STORE_UNAVAILABLE when the database cannot be
 * reached, and an Error for the operator when another process has the file open.
 */
export async function openStore(config: StoreConfig, options: StoreOptions): Promise<OpenedStore> {
  const path = sqlitePath(config.url.reveal());
  return path === undefined
    ? openPostgresStore(config, options)
    : openSqliteStore(path, config.incarnationFile, options);
}
