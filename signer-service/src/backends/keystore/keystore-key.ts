import type { KeyObject } from "node:crypto";
import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import { selfCheckFailed } from "../../relayer-signer/own-signature.ts";
import type { KeyPair } from "../../signature-threads/signature-job.ts";
import { signEd25519 } from "../../signature-threads/signature-threads.ts";
import { publicKeyOf } from "./ed25519-seed.ts";

/** A key of a keystore file, held unlocked in this process. The thread that signs with it verifies in the same step. */
export class KeystoreKey implements KeyBackend {
  readonly verifiesItself = true;
  readonly #publicKey: PublicKey;
  readonly #keys: KeyPair;

  constructor(privateKey: KeyObject) {
    this.#publicKey = publicKeyOf(privateKey);
    this.#keys = { privateKey, publicKey: this.#publicKey.data };
  }

  describe(): string {
    return "keystore";
  }

  async publicKey(): Promise<PublicKey> {
    return this.#publicKey;
  }

  async sign(hash: Uint8Array): Promise<Uint8Array> {
    const signature = await signEd25519(this.#keys, hash);
    if (signature === undefined) throw selfCheckFailed();
    return signature;
  }
}
