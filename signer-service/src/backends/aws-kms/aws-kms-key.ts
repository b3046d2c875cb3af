import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import { answerRefused } from "../backend-failure.ts";
import { compactFromDer, nearSecp256k1Signature } from "../ecdsa-signature.ts";
import type { AwsKmsClient } from "./aws-kms-client.ts";

/**
 * A key of AWS KMS. It is addressed by its ARN, never by the alias that led to it: an alias that moves does not
 * change what is signed with.
 */
export class AwsKmsKey implements KeyBackend {
  readonly #client: AwsKmsClient;
  readonly #arn: string;
  readonly #publicKey: PublicKey;

  constructor(client: AwsKmsClient, arn: string, publicKey: PublicKey) {
    this.#client = client;
    this.#arn = arn;
    this.#publicKey = publicKey;
  }

  describe(): string {
    return `aws-kms ${this.#arn}`;
  }

  async publicKey(): Promise<PublicKey> {
    return this.#publicKey;
  }

  /** Throws SIGNER_BACKEND_UNAVAILABLE, or SIGNER_SELF_CHECK_FAILED for an answer about another key. */
  async sign(hash: Uint8Array): Promise<Uint8Array> {
    if (this.#publicKey.type === "ed25519") {
      // NEAR signs the hash as an Ed25519 message: RAW, and not the pre-hashed ED25519_PH_SHA_512.
      return this.#ask(hash, "RAW", "ED25519_SHA_512");
    }
    const der = await this.#ask(hash, "DIGEST", "ECDSA_SHA_256");
    return nearSecp256k1Signature(compactFromDer(der), hash, this.#publicKey.data);
  }

  async #ask(
    hash: Uint8Array,
    messageType: "RAW" | "DIGEST",
    algorithm: "ED25519_SHA_512" | "ECDSA_SHA_256",
  ): Promise<Uint8Array> {
    const { arn, signature } = await this.#client.sign(this.#arn, hash, messageType, algorithm);
    if (arn !== this.#arn) throw answerRefused("AWS KMS has signed with another key");
    return signature;
  }
}
