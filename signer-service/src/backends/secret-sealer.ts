/** What a sealed secret is for: names and values that it does not open without. Each of both is at most 128 characters. */
export type SealingContext = Readonly<Record<string, string>>;

/**
 * Seals small secrets under symmetric keys that never leave their place. A key is named as a signing key is: by a label,
 * a key id. Throws a BackendError for what an operator has to mend, and SIGNER_BACKEND_UNAVAILABLE where the place gives
 * no answer.
 */
export interface SecretSealer {
  /** Makes a key of this label unless it is there; absent where that is done with the place's own tools. */
  makeKey?(label: string): Promise<void>;
  /** At most 64 bytes. */
  seal(key: string, secret: Uint8Array, context: SealingContext): Promise<Uint8Array>;
  /** What `seal` has sealed with the same context; for anything else a BackendError. */
  unseal(key: string, sealed: Uint8Array, context: SealingContext): Promise<Uint8Array>;
}

/** The same bytes for the same context, in whatever order it is written. */
export function contextBytes(context: SealingContext): Uint8Array {
  return Buffer.from(JSON.stringify(Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}
