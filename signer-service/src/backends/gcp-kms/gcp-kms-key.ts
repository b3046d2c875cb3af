import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import { answerRefused } from "../backend-failure.ts";
import { compactFromDer, nearSecp256k1Signature } from "../ecdsa-signature.ts";
import { crc32c } from "./crc32c.ts";
import type { GcpKmsClient } from "./gcp-kms-client.ts";

/**
 * A key version of Cloud KMS. What is sent and what comes back carry checksums, as Google asks for (Cloud KMS
 * documentation, "Data integrity guidelines").
 */
export class GcpKmsKey implements KeyBackend {
  readonly #client: GcpKmsClient;
  readonly #name: string;
  readonly #publicKey: PublicKey;

  constructor(client: GcpKmsClient, name: string, publicKey: PublicKey) {
    this.#client = client;
    this.#name = name;
    this.#publicKey = publicKey;
  }

  describe(): string {
    return `gcp-kms ${this.#name}`;
  }

  async publicKey(): Promise<PublicKey> {
    return this.#publicKey;
  }

  /** Throws SIGNER_BACKEND_UNAVAILABLE, or SIGNER_SELF_CHECK_FAILED for an answer whose checks fail. */
  async sign(hash: Uint8Array): Promise<Uint8Array> {
    if (this.#publicKey.type === "ed25519") return this.#ask(hash, "data");
    const der = await this.#ask(hash, "digest");
    return nearSecp256k1Signature(compactFromDer(der), hash, this.#publicKey.data);
  }

  async #ask(hash: Uint8Array, as: "data" | "digest"): Promise<Uint8Array> {
    const checksum = { value: crc32c(hash) };
    const answer = await this.#client.sign({
      name: this.#name,
      ...(as === "data"
        ? { data: hash, dataCrc32c: checksum }
        : { digest: { sha256: hash }, digestCrc32c: checksum }),
    });
    if (answer.name !== this.#name)
      throw answerRefused("Google Cloud KMS has signed with another key version");
    if ((as === "data" ? answer.verifiedDataCrc32c : answer.verifiedDigestCrc32c) !== true) {
      throw answerRefused("Google Cloud KMS has not verified the checksum of what it signed");
    }
    const { signature, signatureCrc32c } = answer;
    if (!(signature instanceof Uint8Array) || Number(signatureCrc32c?.value ?? -1) !== crc32c(signature)) {
      throw answerRefused("the signature of Google Cloud KMS was damaged on its way");
    }
    return signature;
  }
}
