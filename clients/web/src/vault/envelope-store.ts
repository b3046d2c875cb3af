import type { SealKey } from "./sealed-presignatures.ts";

/** Whose envelopes: a wallet's, for all relays. */
export interface EnvelopeOwner {
  readonly tenant: string;
  readonly rpId: string;
  readonly accountId: string;
}

/** Names one envelope: an owner has one for each relay. */
export interface EnvelopeName extends EnvelopeOwner {
  /** The relay's origin, for example "https://relay1.example". */
  readonly relay: string;
}

/** An envelope as it is kept: encrypted once more, under the store's own key. */
export interface SealedEnvelope extends EnvelopeName {
  readonly sealed: Uint8Array;
}

/**
 * Where envelopes are kept. Whoever copies one could have a relay open it, so they are under a key that the store keeps too, and
 * that gives its bytes to no script. That stops what reads or exports values of the storage. It does not stop whoever copies the
 * browser's files: Chromium, for one, writes the bytes of such a key into them in clear.
 */
export interface EnvelopeStore {
  /** AES-256-GCM, always the same and for all envelopes. */
  key(): Promise<SealKey>;
  /** Takes the place of an envelope of the same name. */
  put(entry: SealedEnvelope): Promise<void>;
  of(owner: EnvelopeOwner): Promise<readonly SealedEnvelope[]>;
  forget(name: EnvelopeName): Promise<void>;
  /** Forgets those of all accounts. */
  forgetAll(of: Omit<EnvelopeOwner, "accountId">): Promise<void>;
}

/** A key for a new store. No script can read it out. */
export async function newEnvelopeKey(): Promise<SealKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** A store that ends with the process. */
export function memoryEnvelopes(): EnvelopeStore {
  const entries = new Map<string, SealedEnvelope>();
  let key: Promise<SealKey> | undefined;
  const nameOf = ({ tenant, rpId, accountId, relay }: EnvelopeName) =>
    JSON.stringify([tenant, rpId, accountId, relay]);
  return {
    key() {
      key ??= newEnvelopeKey();
      return key;
    },
    async put(entry) {
      entries.set(nameOf(entry), entry);
    },
    async of({ tenant, rpId, accountId }) {
      return [...entries.values()].filter(
        (entry) => entry.tenant === tenant && entry.rpId === rpId && entry.accountId === accountId,
      );
    },
    async forget(name) {
      entries.delete(nameOf(name));
    },
    async forgetAll({ tenant, rpId }) {
      for (const [name, entry] of entries) {
        if (entry.tenant === tenant && entry.rpId === rpId) entries.delete(name);
      }
    },
  };
}
