import { type Engine, openReader } from "@countersign/sql";
import type { SignerSchema } from "./schema.ts";
import { SIGNER_STORE } from "./store-kind.ts";
import type { StoreConfig } from "./store-schema.ts";

/** The store of a signer that may be running, for reading. Throws SIGNER_STORE_UNAVAILABLE. */
export function openStoreReader({ url }: StoreConfig): Engine<SignerSchema> {
  return openReader(url.reveal(), SIGNER_STORE);
}
