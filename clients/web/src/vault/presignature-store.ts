/** A presignature as it is kept: nobody reads it without the passkey. */
export interface SealedPresignature {
  readonly keyId: string;
  /** SHA-256 of R, in base64url. */
  readonly id: string;
  readonly sealed: Uint8Array;
}

/**
 * Where presignatures wait for their signature. A presignature that was used twice gives the share away, so `take` deletes
 * durably before it answers, and gives each of them once: to one tab of all that have the store open, whatever happens.
 */
export interface PresignatureStore {
  put(entry: SealedPresignature): Promise<void>;
  /** Any one of the key's; undefined when there is none. */
  take(keyId: string): Promise<SealedPresignature | undefined>;
  /** The ids of the key's. */
  ids(keyId: string): Promise<readonly string[]>;
  /** Deletes those that are there. */
  forget(keyId: string, ids: readonly string[]): Promise<void>;
}

/** A store that ends with the process. */
export function memoryPresignatures(): PresignatureStore {
  const entries = new Map<string, SealedPresignature>();
  const nameOf = (keyId: string, id: string) => `${keyId} ${id}`;
  const of = (keyId: string) => [...entries.values()].filter((entry) => entry.keyId === keyId);
  return {
    async put(entry) {
      entries.set(nameOf(entry.keyId, entry.id), entry);
    },
    async take(keyId) {
      const [entry] = of(keyId);
      if (entry !== undefined) entries.delete(nameOf(keyId, entry.id));
      return entry;
    },
    async ids(keyId) {
      return of(keyId).map(({ id }) => id);
    },
    async forget(keyId, ids) {
      for (const id of ids) entries.delete(nameOf(keyId, id));
    },
  };
}
