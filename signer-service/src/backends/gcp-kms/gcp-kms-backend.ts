import { createPublicKey } from "node:crypto";
import type { PublicKey } from "@countersign/near";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import type { Backend } from "../backend.ts";
import { BackendError, backendUnavailable } from "../backend-failure.ts";
import { ed25519PublicKeyFromSpki, secp256k1PublicKeyFromSpki } from "../subject-public-key.ts";
import { crc32c } from "./crc32c.ts";
import { GcpKmsClient } from "./gcp-kms-client.ts";
import { GcpKmsKey } from "./gcp-kms-key.ts";
import type { GcpKmsConfig } from "./gcp-kms-schema.ts";

/** The resource name of a CryptoKeyVersion, so that a key whose primary version changes is not another key at once. */
const VERSION_NAME =
  /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+\/cryptoKeyVersions\/[1-9]\d*$/;
const MAX_NAME_LENGTH = 1024;
/** A PEM of the two curves has at most 200. */
const MAX_PEM_LENGTH = 1024;

const PUBLIC_KEY_READERS: ReadonlyMap<string, (der: Uint8Array) => PublicKey> = new Map([
  ["EC_SIGN_ED25519", ed25519PublicKeyFromSpki],
  ["EC_SIGN_SECP256K1_SHA256", secp256k1PublicKeyFromSpki],
]);

/**
 * Google Cloud KMS. A reference is the resource name of a key version
 * ("projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/1"). The keys are made with Google's own tools:
 * purpose ASYMMETRIC_SIGN, algorithm EC_SIGN_ED25519 or EC_SIGN_SECP256K1_SHA256.
 *
 * Sends nothing yet. Throws a BackendError if @google-cloud/kms is not installed or the credentials are of no use.
 */
export async function openGcpKmsBackend(config: GcpKmsConfig): Promise<Backend> {
  return new GcpKmsBackend(config, await GcpKmsClient.load(config));
}

class GcpKmsBackend implements Backend {
  readonly name: string;
  readonly #endpoint: string;
  readonly #client: GcpKmsClient;
  readonly #opened = new Set<string>();

  constructor(config: GcpKmsConfig, client: GcpKmsClient) {
    this.name = config.name;
    this.#endpoint = config.endpoint ?? "cloudkms.googleapis.com";
    this.#client = client;
  }

  describe(): string {
    return `gcp-kms at ${this.#endpoint}`;
  }

  /** Throws a BackendError for a key that cannot sign for NEAR, SIGNER_BACKEND_UNAVAILABLE if KMS does not answer. */
  async open(reference: string): Promise<KeyBackend> {
    if (reference.length > MAX_NAME_LENGTH || !VERSION_NAME.test(reference)) {
      throw new BackendError(
        `a key of ${this.name} is named by its version: projects/…/cryptoKeys/…/cryptoKeyVersions/1`,
      );
    }
    const algorithm = await this.#enabledAlgorithm(reference);
    const read = PUBLIC_KEY_READERS.get(algorithm);
    if (read === undefined) {
      throw new BackendError(`${reference} is ${algorithm}, neither Ed25519 nor secp256k1`);
    }
    const publicKey = read(await this.#spki(reference));
    this.#opened.add(reference);
    return new GcpKmsKey(this.#client, reference, publicKey);
  }

  /** Reads the state of every open key version: one that is disabled or destroyed is found out. */
  async check(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#opened].map((name) => this.#enabledAlgorithm(name, signal)));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #enabledAlgorithm(name: string, signal?: AbortSignal): Promise<string> {
    const version = await this.#client.getKeyVersion(name, signal);
    if (version === undefined) throw new BackendError(`${name} does not exist`);
    if (version.name !== name) throw new BackendError(`asked for ${name}, Google Cloud KMS tells of another`);
    if (version.state !== "ENABLED") {
      throw new BackendError(`${name} is not enabled: its state is ${version.state}`);
    }
    return String(version.algorithm);
  }

  /** SubjectPublicKeyInfo in DER. A damaged answer may be a whole one the next time. */
  async #spki(name: string): Promise<Buffer> {
    const { pem, pemCrc32c, name: named } = await this.#client.getPublicKey(name);
    if (named !== name) throw new BackendError(`${name} has the public key of another`);
    const text = Buffer.from(pem ?? "");
    if (text.length > MAX_PEM_LENGTH || Number(pemCrc32c?.value ?? -1) !== crc32c(text)) {
      const cause = new Error("its checksum or its size is wrong");
      throw backendUnavailable("the public key of Google Cloud KMS was damaged on its way", cause);
    }
    try {
      return createPublicKey(text).export({ format: "der", type: "spki" });
    } catch (cause) {
      throw new BackendError(`the public key of ${name} is not PEM`, { cause });
    }
  }
}
