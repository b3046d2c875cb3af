import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import type { Backend } from "../backend.ts";
import { BackendError } from "../backend-failure.ts";
import type { SecretSealer } from "../secret-sealer.ts";
import { ed25519PublicKeyFromSpki, secp256k1PublicKeyFromSpki } from "../subject-public-key.ts";
import { AwsKmsClient } from "./aws-kms-client.ts";
import { AwsKmsKey } from "./aws-kms-key.ts";
import type { AwsKmsConfig } from "./aws-kms-schema.ts";
import { awsKmsSealer } from "./aws-kms-sealer.ts";

const PUBLIC_KEY_READERS: ReadonlyMap<string, (der: Uint8Array) => PublicKey> = new Map([
  ["ECC_NIST_EDWARDS25519", ed25519PublicKeyFromSpki],
  ["ECC_SECG_P256K1", secp256k1PublicKeyFromSpki],
]);

/**
 * AWS KMS in one region. A reference is a key id, an ARN or an alias ("alias/relayer-1"). The keys are made with
 * AWS's own tools: key usage SIGN_VERIFY, key spec ECC_NIST_EDWARDS25519 or ECC_SECG_P256K1.
 *
 * Sends nothing yet. Throws a BackendError if @aws-sdk/client-kms is not installed.
 */
export async function openAwsKmsBackend(config: AwsKmsConfig): Promise<Backend> {
  return new AwsKmsBackend(config, await AwsKmsClient.load(config));
}

class AwsKmsBackend implements Backend {
  readonly name: string;
  readonly sealer: SecretSealer;
  readonly #region: string;
  readonly #client: AwsKmsClient;
  /** ARNs by reference, of the keys that are open. */
  readonly #opened = new Map<string, string>();

  constructor(config: AwsKmsConfig, client: AwsKmsClient) {
    this.name = config.name;
    this.#region = config.region;
    this.#client = client;
    this.sealer = awsKmsSealer(config.name, client);
  }

  describe(): string {
    return `aws-kms in ${this.#region}`;
  }

  /** Throws a BackendError for a key that cannot sign for NEAR, SIGNER_BACKEND_UNAVAILABLE if KMS does not answer. */
  async open(reference: string): Promise<KeyBackend> {
    const { arn, spec } = await this.#usableKey(reference);
    const read = PUBLIC_KEY_READERS.get(spec);
    if (read === undefined) throw this.#unusable(reference, `is ${spec}, neither Ed25519 nor secp256k1`);
    const answer = await this.#client.getPublicKey(arn);
    if (answer.arn !== arn) throw this.#unusable(reference, "has the public key of another");
    const key = new AwsKmsKey(this.#client, arn, read(answer.publicKey));
    this.#opened.set(reference, arn);
    return key;
  }

  /** Describes every open key: one that is disabled or that an alias does not lead to any more is found out. */
  async check(signal: AbortSignal): Promise<void> {
    await Promise.all(
      [...this.#opened].map(async ([reference, opened]) => {
        const { arn } = await this.#usableKey(reference, signal);
        if (arn !== opened) {
          throw this.#unusable(
            reference,
            `now is another key; the signer keeps to ${opened} until it restarts`,
          );
        }
      }),
    );
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #usableKey(reference: string, signal?: AbortSignal): Promise<{ arn: string; spec: string }> {
    const metadata = await this.#client.describeKey(reference, signal);
    if (metadata?.Arn === undefined) throw this.#unusable(reference, "does not exist");
    const { Arn: arn, KeyState: state, KeyUsage: usage, KeySpec: spec } = metadata;
    if (state !== "Enabled") throw this.#unusable(reference, `is not enabled: its state is ${state}`);
    if (usage !== "SIGN_VERIFY") throw this.#unusable(reference, `is not for signing: its usage is ${usage}`);
    return { arn, spec: String(spec) };
  }

  #unusable(reference: string, problem: string): BackendError {
    return new BackendError(`key ${reference} of ${this.name} ${problem}`);
  }
}
