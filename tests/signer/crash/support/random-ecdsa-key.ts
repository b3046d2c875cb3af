import type { PublicKey } from "@countersign/near";
import { nearSecp256k1Signature } from "@countersign/signer-service/backends/ecdsa-signature.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import { secp256k1 } from "@noble/curves/secp256k1.js";

/** A secp256k1 key in memory whose every signature is another one, as an HSM's are. */
export class RandomEcdsaKey implements KeyBackend {
  readonly #secret: Uint8Array;
  /** x ‖ y. */
  readonly #point: Uint8Array;

  /** `secret`: 32 bytes. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.#point = secp256k1.getPublicKey(secret, false).slice(1);
  }

  describe(): string {
    return "random ECDSA in memory";
  }

  async publicKey(): Promise<PublicKey> {
    return { type: "secp256k1", data: this.#point };
  }

  async sign(hash: Uint8Array): Promise<Uint8Array> {
    const options = { prehash: false, extraEntropy: true, format: "compact" } as const;
    return nearSecp256k1Signature(secp256k1.sign(hash, this.#secret, options), hash, this.#point);
  }
}
