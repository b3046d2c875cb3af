import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { lp } from "@countersign/crypto/length-prefixed.ts";
import type { Envelope } from "@countersign/crypto/lock/envelope.ts";
import { decodeEnvelope, encodeEnvelope } from "@countersign/crypto/lock/envelope-codec.ts";
import { lockKeyId } from "@countersign/crypto/lock/key-id.ts";
import type { EnvelopeName, EnvelopeOwner, EnvelopeStore, SealedEnvelope } from "./envelope-store.ts";
import { VaultError } from "./vault-error.ts";

/** An envelope, and what is known beside it. */
export interface KeptEnvelope {
  readonly envelope: Envelope;
  /** S of the relay's key that locked: answers are checked against it. */
  readonly commitment: Uint8Array;
  /** The passkey that the sealed secret came from. */
  readonly credentialId: Uint8Array;
}

const DOMAIN = "countersign/envelope-store/v1";
const IV_SIZE = 12;

/** Envelopes in a store, encrypted and bound to their names there. All throw STORE_UNAVAILABLE. */
export class SealedEnvelopes {
  readonly #store: EnvelopeStore;

  constructor(store: EnvelopeStore) {
    this.#store = store;
  }

  async put(name: EnvelopeName, kept: KeptEnvelope): Promise<void> {
    const { tenant, rpId, accountId, relay } = name;
    const key = await storeAnswer(this.#store.key());
    const iv = crypto.getRandomValues(new Uint8Array(IV_SIZE));
    const parameters = { name: "AES-GCM", iv, additionalData: boundTo(name) };
    const box = new Uint8Array(await crypto.subtle.encrypt(parameters, key, encoded(kept)));
    const sealed = new Uint8Array(IV_SIZE + box.length);
    sealed.set(iv);
    sealed.set(box, IV_SIZE);
    await storeAnswer(this.#store.put({ tenant, rpId, accountId, relay, sealed }));
  }

  /** The owner's, by the relay's origin. Those that cannot be read are deleted. */
  async of(owner: EnvelopeOwner): Promise<ReadonlyMap<string, KeptEnvelope>> {
    const entries = await storeAnswer(this.#store.of(owner));
    const kept = new Map<string, KeptEnvelope>();
    for (const entry of entries) {
      const one = await this.#opened(entry);
      if (one === undefined) await this.forget(entry);
      else kept.set(entry.relay, one);
    }
    return kept;
  }

  forget(name: EnvelopeName): Promise<void> {
    return storeAnswer(this.#store.forget(name));
  }

  forgetAll(of: Omit<EnvelopeOwner, "accountId">): Promise<void> {
    return storeAnswer(this.#store.forgetAll(of));
  }

  async #opened(entry: SealedEnvelope): Promise<KeptEnvelope | undefined> {
    const { sealed, relay } = entry;
    const key = await storeAnswer(this.#store.key());
    try {
      const parameters = {
        name: "AES-GCM",
        iv: Uint8Array.from(sealed.subarray(0, IV_SIZE)),
        additionalData: boundTo(entry),
      };
      const box = Uint8Array.from(sealed.subarray(IV_SIZE));
      const kept = decoded(new Uint8Array(await crypto.subtle.decrypt(parameters, key, box)));
      const { suite, keyId, relayOrigin } = kept.envelope;
      const isWhole = relayOrigin === relay && lockKeyId(suite, kept.commitment) === keyId;
      return isWhole ? kept : undefined;
    } catch {
      // Of another key, changed, or moved: none of it opens.
      return undefined;
    }
  }
}

function encoded({ envelope, commitment, credentialId }: KeptEnvelope): Uint8Array<ArrayBuffer> {
  const parts = [encodeEnvelope(envelope), commitment, credentialId];
  return new TextEncoder().encode(JSON.stringify(parts.map((part) => base64Encode(part, "url"))));
}

function decoded(bytes: Uint8Array): KeptEnvelope {
  const parts: string[] = JSON.parse(new TextDecoder().decode(bytes));
  const [envelope, commitment, credentialId] = parts.map((part) => base64Decode(part));
  if (envelope === undefined || commitment === undefined || credentialId === undefined) {
    throw new TypeError("a part of the envelope's record is missing");
  }
  return { envelope: decodeEnvelope(envelope), commitment, credentialId };
}

function boundTo({ tenant, rpId, accountId, relay }: EnvelopeName): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder();
  return Uint8Array.from(lp(...[DOMAIN, tenant, rpId, accountId, relay].map((name) => text.encode(name))));
}

/** What the store answers. Throws STORE_UNAVAILABLE. */
export async function storeAnswer<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const name = error instanceof Error ? error.name : "of no kind";
    throw new VaultError("STORE_UNAVAILABLE", `the store of envelopes failed with an error ${name}`);
  }
}
