import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Backend, MadeKey, NewKeyNames } from "@countersign/signer-service/backends/backend.ts";
import { BackendError, backendUnavailable } from "@countersign/signer-service/backends/backend-failure.ts";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";

/** What a place holds, by reference. It outlives the backends that are opened to it, as a token does. */
export type Place = Map<string, KeyObject>;

/** A place with one key for each reference. */
export function placeOf(...references: string[]): Place {
  return new Map(references.map((r) => [r, generateKeyPairSync("ed25519").privateKey]));
}

/** A backend over a place, which can be away, and which tells when it was closed and holds signatures back. */
export class MemoryBackend implements Backend {
  readonly name: string;
  readonly #place: Place;
  isAway = false;
  isClosed = false;
  made = 0;
  /** A signature waits for this. */
  holdBack: Promise<void> = Promise.resolve();

  constructor(name: string, place: Place) {
    this.name = name;
    this.#place = place;
  }

  describe(): string {
    return `memory ${this.name}`;
  }

  async open(reference: string): Promise<KeyBackend> {
    await this.check();
    const privateKey = this.#place.get(reference);
    if (privateKey === undefined) throw new BackendError(`${this.name} holds no ${reference}`);
    return this.#keyOf(privateKey);
  }

  async generate({ keyId }: NewKeyNames): Promise<MadeKey> {
    await this.check();
    const { privateKey } = generateKeyPairSync("ed25519");
    this.made++;
    this.#place.set(`made-${keyId}`, privateKey);
    return { reference: `made-${keyId}`, key: this.#keyOf(privateKey) };
  }

  async check(): Promise<void> {
    if (this.isAway) throw backendUnavailable(`${this.name} gives no answer`, new Error("away"));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #keyOf(privateKey: KeyObject): KeyBackend {
    return {
      describe: () => this.describe(),
      publicKey: async () => publicKeyOf(privateKey),
      sign: async (hash) => {
        await this.holdBack;
        await this.check();
        if (this.isClosed) throw new Error("the backend is closed");
        return sign(null, hash, privateKey);
      },
    };
  }
}
