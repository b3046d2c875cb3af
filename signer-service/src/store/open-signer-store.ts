import { openStore } from "./open-store.ts";
import type { StoreOptions } from "./opened-store.ts";
import { type SignerStore, type SignerStoreOptions, signerStoreOver } from "./signer-store.ts";
import { readIdentity } from "./store-identity.ts";
import type { StoreConfig } from "./store-schema.ts";

export interface OpenSignerStore extends SignerStore {
  /** What the operator should know of the database at start-up. */
  readonly warnings: readonly string[];
  /** The random id of the store's life, which no backup carries. */
  incarnation(): Promise<string>;
}

/** Opens the store and everything that stands in it. Throws what `openStore` throws. */
export async function openSignerStore(
  config: StoreConfig,
  options: StoreOptions & Pick<SignerStoreOptions, "onAuditFailed" | "grantsThatHold">,
): Promise<OpenSignerStore> {
  const { engine, witness, warnings } = await openStore(config, options);
  const store = signerStoreOver(engine, {
    ...options,
    onHead: (sequence, hash) => witness.note(sequence, hash),
    onThreshold: (sequence, hash) => witness.noteThreshold(sequence, hash),
  });
  return {
    ...store,
    warnings,
    incarnation: async () => (await engine.read((db) => readIdentity(db))).incarnation,
  };
}
