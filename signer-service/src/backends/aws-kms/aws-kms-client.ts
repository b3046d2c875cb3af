import type { KeyMetadata, KMSClient, MessageType, SigningAlgorithmSpec } from "@aws-sdk/client-kms";
import { backendUnavailable } from "../backend-failure.ts";
import { loadOptionalPackage } from "../optional-package.ts";
import { withinTime } from "../time-limit.ts";
import type { AwsKmsConfig } from "./aws-kms-schema.ts";
import { collectAnswer } from "./collect-answer.ts";

type Sdk = typeof import("@aws-sdk/client-kms");

/** A call and at most two repeats, for throttling and failed connections. */
const MAX_ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 1_000;

/** What the operator has to mend, by the error's name (AWS KMS API Reference, "Common Errors" and each action's). */
const EXPLANATIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    AccessDeniedException: "denies access: the signer's role or the key's policy has to be mended",
    UnrecognizedClientException: "does not take the signer's credentials",
    InvalidSignatureException: "does not take the signer's credentials, or the clock is wrong",
    ExpiredTokenException: "does not take the signer's credentials any more",
    CredentialsProviderError: "was not asked: no credentials were found",
    ThrottlingException: "is throttling",
    DisabledException: "has the key disabled",
    KMSInvalidStateException: "does not let the key sign in its present state",
    NotFoundException: "knows no such key",
  }),
);

/**
 * The operations of AWS KMS that signing needs (AWS KMS API Reference: DescribeKey, GetPublicKey, Sign), and sealing
 * (Encrypt, Decrypt), each within the configured time. Whatever goes wrong is a DomainError SIGNER_BACKEND_UNAVAILABLE.
 */
export class AwsKmsClient {
  readonly #config: AwsKmsConfig;
  readonly #sdk: Sdk;
  readonly #client: KMSClient;

  private constructor(config: AwsKmsConfig, sdk: Sdk, client: KMSClient) {
    this.#config = config;
    this.#sdk = sdk;
    this.#client = client;
  }

  /** Sends nothing. Throws a BackendError if the SDK is not installed. */
  static async load(config: AwsKmsConfig): Promise<AwsKmsClient> {
    const sdk = await loadOptionalPackage("@aws-sdk/client-kms", () => import("@aws-sdk/client-kms"));
    const { region, endpoint, credentials } = config;
    const client = new sdk.KMSClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined
        ? {}
        : {
            credentials: {
              accessKeyId: credentials.access_key_id.reveal(),
              secretAccessKey: credentials.secret_access_key.reveal(),
            },
          }),
      // Addresses and behaviour come from the signer's own configuration alone: "auto" would ask the machine's
      // metadata service, and AWS_ENDPOINT_URL would send the requests elsewhere.
      defaultsMode: "standard",
      ignoreConfiguredEndpointUrls: true,
      retryMode: "standard",
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS },
      streamCollector: collectAnswer,
    });
    return new AwsKmsClient(config, sdk, client);
  }

  /** `keyId` is a key id, an ARN or an alias; undefined if KMS answers that there is no such key. */
  async describeKey(keyId: string, signal?: AbortSignal): Promise<KeyMetadata | undefined> {
    const command = new this.#sdk.DescribeKeyCommand({ KeyId: keyId });
    const answer = await this.#call(signal, (abortSignal) =>
      this.#client.send(command, { abortSignal }).catch((error) => {
        if (error instanceof this.#sdk.NotFoundException) return undefined;
        throw error;
      }),
    );
    return answer?.KeyMetadata;
  }

  /** `publicKey` is a SubjectPublicKeyInfo in DER, `arn` the key's whose it is. */
  async getPublicKey(keyId: string): Promise<{ arn: string | undefined; publicKey: Uint8Array }> {
    const command = new this.#sdk.GetPublicKeyCommand({ KeyId: keyId });
    const answer = await this.#call(undefined, (abortSignal) => this.#client.send(command, { abortSignal }));
    return { arn: answer.KeyId, publicKey: answer.PublicKey ?? new Uint8Array() };
  }

  /** `signature` is as KMS gives it: 64 bytes for Ed25519, DER for ECDSA. */
  async sign(
    keyId: string,
    message: Uint8Array,
    messageType: MessageType,
    algorithm: SigningAlgorithmSpec,
  ): Promise<{ arn: string | undefined; signature: Uint8Array }> {
    const command = new this.#sdk.SignCommand({
      KeyId: keyId,
      Message: message,
      MessageType: messageType,
      SigningAlgorithm: algorithm,
    });
    const answer = await this.#call(undefined, (abortSignal) => this.#client.send(command, { abortSignal }));
    return { arn: answer.KeyId, signature: answer.Signature ?? new Uint8Array() };
  }

  /** Encrypts under a symmetric key; `context` is authenticated. */
  async encrypt(
    keyId: string,
    plaintext: Uint8Array,
    context: Readonly<Record<string, string>>,
  ): Promise<Uint8Array> {
    const command = new this.#sdk.EncryptCommand({
      KeyId: keyId,
      Plaintext: plaintext,
      EncryptionContext: { ...context },
    });
    const answer = await this.#call(undefined, (abortSignal) => this.#client.send(command, { abortSignal }));
    return answer.CiphertextBlob ?? new Uint8Array();
  }

  /** Decrypts with this key alone; undefined for what was not encrypted by it with this context. */
  async decrypt(
    keyId: string,
    ciphertext: Uint8Array,
    context: Readonly<Record<string, string>>,
  ): Promise<Uint8Array | undefined> {
    const { DecryptCommand, InvalidCiphertextException, IncorrectKeyException } = this.#sdk;
    const command = new DecryptCommand({
      KeyId: keyId,
      CiphertextBlob: ciphertext,
      EncryptionContext: { ...context },
    });
    const answer = await this.#call(undefined, (abortSignal) =>
      this.#client.send(command, { abortSignal }).catch((error) => {
        if (error instanceof InvalidCiphertextException || error instanceof IncorrectKeyException)
          return undefined;
        throw error;
      }),
    );
    return answer === undefined ? undefined : (answer.Plaintext ?? new Uint8Array());
  }

  close(): void {
    this.#client.destroy();
  }

  async #call<T>(signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withinTime(this.#config.timeout_ms, signal, send);
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  #unavailable(error: unknown) {
    const { name } = error as Error;
    return backendUnavailable(`AWS KMS ${EXPLANATIONS.get(name) ?? "gave no usable answer"}`, error);
  }
}
