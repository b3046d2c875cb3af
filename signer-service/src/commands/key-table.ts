import type { KeyMetadata } from "../backends/keystore/format.ts";

/** What may be shown of a key, under the names of the keystore file. */
export function publicFields(key: KeyMetadata): KeyMetadata {
  const { key_id, network, account_id, public_key, created_at } = key;
  return { key_id, network, account_id, public_key, created_at };
}

/** Keys as lines of aligned columns, with a heading. */
export function formatKeyTable(keys: readonly KeyMetadata[]): string {
  const rows = [
    ["KEY ID", "NETWORK", "ACCOUNT", "PUBLIC KEY"],
    ...keys.map((k) => [k.key_id, k.network, k.account_id, k.public_key]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
  return `${lines.join("\n")}\n`;
}
