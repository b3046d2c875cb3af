import { base64Encode } from "@bufbuild/protobuf/wire";
import { type Presignature, wipePresignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import type { EcdsaKey } from "./ecdsa-share.ts";
import type { PresignatureStore, SealedPresignature } from "./presignature-store.ts";
import { VaultError } from "./vault-error.ts";

/** A CryptoKey, which pages and Node have in different places. */
export type SealKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const SALT = new TextEncoder().encode("countersign/presignature-seal/v1");
const NO_INFO = new Uint8Array();
const IV_SIZE = 12;
/** R, 33 bytes, then k and σ, 32 bytes each. */
const PLAIN_SIZE = 97;

/**
 * The key that seals an account's presignatures: AES-256-GCM, by HKDF-SHA256 from the wallet's seed, which stays the
 * caller's. It cannot be read out.
 */
export async function sealKeyOf(seed: Uint8Array): Promise<SealKey> {
  // Of its own: the caller wipes the seed before this is done.
  const copy = seed.slice();
  try {
    const secret = await crypto.subtle.importKey("raw", copy, "HKDF", false, ["deriveKey"]);
    const derivation = { name: "HKDF", hash: "SHA-256", salt: SALT, info: NO_INFO };
    const algorithm = { name: "AES-GCM", length: 256 };
    return await crypto.subtle.deriveKey(derivation, secret, algorithm, false, ["encrypt", "decrypt"]);
  } finally {
    copy.fill(0);
  }
}

/** The name of a presignature: its id in base64url. */
export function nameOf(presignatureId: Uint8Array): string {
  return base64Encode(presignatureId, "url");
}

/** Presignatures in a store that learns nothing of them. All throw STORE_UNAVAILABLE. */
export class SealedPresignatures {
  readonly #store: PresignatureStore;
  /**
   * Names of all that were taken here. The store is the page's too: it can put back what was taken, and play the relayer
   * with a share of its own, and two signatures of one presignature would show it the client's share.
   */
  readonly #taken = new Set<string>();

  constructor(store: PresignatureStore) {
    this.#store = store;
  }

  /** Seals it into the store, and erases it here. */
  async put({ keyId, share }: EcdsaKey, presignature: Presignature): Promise<void> {
    const { id: presignatureId, bigR, k, sigma } = presignature;
    const id = nameOf(presignatureId);
    const plain = new Uint8Array(PLAIN_SIZE);
    plain.set(bigR);
    plain.set(k, 33);
    plain.set(sigma, 65);
    wipePresignature(presignature);
    const iv = crypto.getRandomValues(new Uint8Array(IV_SIZE));
    const sealed = new Uint8Array(IV_SIZE + PLAIN_SIZE + 16);
    sealed.set(iv);
    try {
      const parameters = { name: "AES-GCM", iv, additionalData: boundTo(keyId, id) };
      const box = await crypto.subtle.encrypt(parameters, await share.sealKey, plain);
      sealed.set(new Uint8Array(box), IV_SIZE);
    } finally {
      plain.fill(0);
    }
    await answered(this.#store.put({ keyId, id, sealed }));
  }

  /**
   * Takes one out of the store for good. One that cannot be opened, or was taken before, is gone as well, and the next is
   * taken.
   */
  async take(key: EcdsaKey): Promise<Presignature | undefined> {
    for (;;) {
      const entry = await answered(this.#store.take(key.keyId));
      if (entry === undefined) return undefined;
      const presignature = await opened(await key.share.sealKey, entry);
      if (presignature === undefined) continue;
      const name = nameOf(presignature.id);
      if (!this.#taken.has(name)) {
        this.#taken.add(name);
        return presignature;
      }
      wipePresignature(presignature);
    }
  }

  held(keyId: string): Promise<readonly string[]> {
    return answered(this.#store.ids(keyId));
  }

  forget(keyId: string, ids: readonly string[]): Promise<void> {
    return answered(this.#store.forget(keyId, ids));
  }
}

async function opened(
  sealKey: SealKey,
  { keyId, id, sealed }: SealedPresignature,
): Promise<Presignature | undefined> {
  const parameters = {
    name: "AES-GCM",
    iv: Uint8Array.from(sealed.subarray(0, IV_SIZE)),
    additionalData: boundTo(keyId, id),
  };
  let plain: Uint8Array<ArrayBuffer>;
  try {
    const box = Uint8Array.from(sealed.subarray(IV_SIZE));
    plain = new Uint8Array(await crypto.subtle.decrypt(parameters, sealKey, box));
  } catch {
    // Of another seed, or changed: WebCrypto says no more.
    return undefined;
  }
  const bigR = plain.slice(0, 33);
  const presignature = {
    id: new Uint8Array(await crypto.subtle.digest("SHA-256", bigR)),
    bigR,
    k: plain.slice(33, 65),
    sigma: plain.slice(65),
  };
  plain.fill(0);
  return presignature;
}

function boundTo(keyId: string, id: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${keyId} ${id}`);
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const name = error instanceof Error ? error.name : "of no kind";
    throw new VaultError("STORE_UNAVAILABLE", `the store of presignatures failed with an error ${name}`);
  }
}
