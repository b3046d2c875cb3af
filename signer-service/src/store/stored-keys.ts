import { existsSync } from "node:fs";
import { sqlitePath } from "@countersign/sql";
import type { KeyRecord } from "../keys/key-records.ts";
import { keyRecordsOver } from "./key-record-store.ts";
import { openStoreReader } from "./read-store.ts";
import type { StoreConfig } from "./store-schema.ts";

/**
 * The keys of a signer's store that may be in use; none before the signer's first start, when there is no store yet.
 * Throws SIGNER_STORE_UNAVAILABLE, and what the database says of a store that is none.
 */
export async function storedKeys(config: StoreConfig): Promise<KeyRecord[]> {
  const path = sqlitePath(config.url.reveal());
  if (path !== undefined && !existsSync(path)) return [];
  const store = openStoreReader(config);
  try {
    const tables = await store.read((db) => db.introspection.getTables());
    if (!tables.some(({ name }) => name === "key_records")) return [];
    return await keyRecordsOver(store, () => new Date()).list();
  } finally {
    await store.close();
  }
}
