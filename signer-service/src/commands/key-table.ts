import type { KeyMetadata } from "../backends/keystore/format.ts";
import { formatColumns } from "./columns.ts";

/** What may be shown of a key, under the names of the keystore file. */
export function publicFields(key: KeyMetadata): KeyMetadata {
  const { key_id, network, account_id, public_key, created_at } = key;
  return { key_id, network, account_id, public_key, created_at };
}

/** Keys as lines of aligned columns, with a heading. */
export function formatKeyTable(keys: readonly KeyMetadata[]): string {
  const rows = keys.map((k) => [k.key_id, k.network, k.account_id, k.public_key]);
  return formatColumns(["KEY ID", "NETWORK", "ACCOUNT", "PUBLIC KEY"], rows);
}
