import type { KeyObject } from "node:crypto";
import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import { signEd25519 } from "../../signature-threads/signature-threads.ts";
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

  sign(hash: Uint8Array): Promise<Uint8Array> {
    return signEd25519(this.#privateKey, hash);
  }
}
