import { type KeyObject, sign } from "node:crypto";
import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import { publicKeyOf } from "./ed25519-seed.ts";

/** A key of a keystore file, held unlocked in this process. */
export class KeystoreKey implements KeyBackend {
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
  }

  describe(): string {
    return "keystore";
  }

  async publicKey(): Promise<PublicKey> {
    return publicKeyOf(this.#privateKey);
  }

  /** On another thread: the event loop has enough to do. */
  sign(hash: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      sign(null, hash, this.#privateKey, (error, signature) => {
        if (error === null) resolve(signature);
        else reject(error);
      });
    });
  }
}
