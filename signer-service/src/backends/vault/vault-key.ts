import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import { answerRefused } from "../backend-failure.ts";
import type { VaultClient } from "./vault-client.ts";

/** One version of a transit key. Rotating the key in Vault does not change what is signed with. */
export class VaultKey implements KeyBackend {
  readonly #client: VaultClient;
  readonly #name: string;
  readonly #version: number;
  readonly #publicKey: PublicKey;

  constructor(client: VaultClient, name: string, version: number, publicKey: PublicKey) {
    this.#client = client;
    this.#name = name;
    this.#version = version;
    this.#publicKey = publicKey;
  }

  describe(): string {
    return `vault ${this.#name}@${this.#version}`;
  }

  async publicKey(): Promise<PublicKey> {
    return this.#publicKey;
  }

  /** Throws SIGNER_BACKEND_UNAVAILABLE, or SIGNER_SELF_CHECK_FAILED for the signature of another version. */
  async sign(hash: Uint8Array): Promise<Uint8Array> {
    const text = await this.#client.sign(this.#name, this.#version, hash);
    const prefix = `vault:v${this.#version}:`;
    if (!text.startsWith(prefix)) throw answerRefused("Vault has signed with another version of the key");
    const signature = Buffer.from(text.slice(prefix.length), "base64");
    if (signature.length !== 64) throw answerRefused("Vault gave what is no Ed25519 signature");
    return signature;
  }
}
