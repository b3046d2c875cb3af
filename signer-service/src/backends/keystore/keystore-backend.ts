import { randomBytes } from "node:crypto";
import type { HeldKey, KeyBackend } from "../../relayer-signer/key-backend.ts";
import type { Backend, MadeKey, NewKeyNames } from "../backend.ts";
import { BackendError } from "../backend-failure.ts";
import { privateKeyFromSeed, SEED_BYTES } from "./ed25519-seed.ts";
import { addToKeystore, listKeystore, unlockKeystore } from "./keystore.ts";
import { KeystoreKey } from "./keystore-key.ts";
import type { KeystoreConfig } from "./keystore-schema.ts";

/** What a new key needs, and what a test may put in its place. */
export interface KeystoreSources {
  readonly randomBytes: (size: number) => Uint8Array;
  readonly now: () => Date;
}

const SOURCES: KeystoreSources = { randomBytes, now: () => new Date() };

/**
 * The keys of a keystore file, unlocked. A reference is a key's id. The file is read once: what other processes
 * add is seen when the backend is opened again. Throws a KeystoreError: no such file, a wrong passphrase, an
 * altered entry.
 *
 * The passphrase is kept, as a Secret, for keys that are made later.
 */
export async function openKeystoreBackend(
  config: KeystoreConfig,
  sources: KeystoreSources = SOURCES,
): Promise<Backend> {
  const unlocked = await unlockKeystore(config.file, config.passphrase);
  const keys = unlocked.map(
    ({ entry, privateKey }): HeldKey => ({
      keyId: entry.key_id,
      network: entry.network,
      accountId: entry.account_id,
      backend: new KeystoreKey(privateKey),
    }),
  );
  return new KeystoreBackend(config, keys, sources);
}

class KeystoreBackend implements Backend {
  readonly name: string;
  readonly #config: KeystoreConfig;
  readonly #sources: KeystoreSources;
  readonly #keys: Map<string, HeldKey>;
  /** The file has one writer at a time. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(config: KeystoreConfig, keys: readonly HeldKey[], sources: KeystoreSources) {
    this.name = config.name;
    this.#config = config;
    this.#sources = sources;
    this.#keys = new Map(keys.map((key) => [key.keyId, key]));
  }

  describe(): string {
    return `keystore ${this.#config.file}`;
  }

  async heldKeys(): Promise<HeldKey[]> {
    return [...this.#keys.values()];
  }

  async open(reference: string): Promise<KeyBackend> {
    const key = this.#keys.get(reference);
    if (key === undefined) throw new BackendError(`backend ${this.name} holds no key ${reference}`);
    return key.backend;
  }

  /**
   * Adds a key to the file and unlocks it. Asked for again, for example after the signer died before it could note
   * the key, it gives the same key; throws a KeystoreError for an id that is another account's or network's.
   */
  generate(names: NewKeyNames): Promise<MadeKey> {
    const made = this.#written.then(() => this.#generate(names));
    this.#written = made.catch(() => {});
    return made;
  }

  /** Reads the file again, without unlocking it. */
  async check(): Promise<void> {
    await listKeystore(this.#config.file);
  }

  /** Forgets the keys. OpenSSL wipes a private key when nothing refers to it any more. */
  async close(): Promise<void> {
    await this.#written;
    this.#keys.clear();
  }

  async #generate(names: NewKeyNames): Promise<MadeKey> {
    const { keyId, network, accountId } = names;
    const existing = this.#keys.get(keyId);
    if (existing?.network === network && existing.accountId === accountId) {
      return { reference: keyId, key: existing.backend, isFound: true };
    }
    const seed = this.#sources.randomBytes(SEED_BYTES);
    try {
      const { file, passphrase } = this.#config;
      const createdAt = this.#sources.now().toISOString();
      const newKey = { keyId, network, accountId, createdAt, seed };
      await addToKeystore(file, passphrase, newKey, this.#sources.randomBytes);
      const key = new KeystoreKey(privateKeyFromSeed(seed));
      this.#keys.set(keyId, { keyId, network, accountId, backend: key });
      return { reference: keyId, key };
    } finally {
      seed.fill(0);
    }
  }
}
