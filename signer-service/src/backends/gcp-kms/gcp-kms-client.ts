import type { KeyManagementServiceClient, protos } from "@google-cloud/kms";
import { backendUnavailable } from "../backend-failure.ts";
import { loadOptionalPackage } from "../optional-package.ts";
import { withinTime } from "../time-limit.ts";
import type { GcpKmsConfig } from "./gcp-kms-schema.ts";
import { readServiceAccount } from "./service-account.ts";

/** The one OAuth scope that the calls need. */
const SCOPE = "https://www.googleapis.com/auth/cloudkms";
/** Far more than any answer to the calls. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** google.rpc.Code */
const NOT_FOUND = 5;

/** What the operator has to mend, by gRPC status code (google.rpc.Code). */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  [NOT_FOUND]: "knows no such key version",
  7: "denies access: the role of the signer's service account has to be mended",
  8: "is throttling",
  9: "does not let the key version sign in its present state",
  16: "does not take the signer's credentials",
};

/**
 * The three calls of Cloud KMS that signing needs (google.cloud.kms.v1.KeyManagementService), each within the
 * configured time. Whatever goes wrong is a DomainError SIGNER_BACKEND_UNAVAILABLE.
 *
 * The calls go over the SDK's REST transport: it is the one whose answers can be bounded together with those of
 * Google's token service, and that needs no long-lived channels.
 */
export class GcpKmsClient {
  readonly #timeoutMs: number;
  readonly #connect: () => Promise<KeyManagementServiceClient>;
  #connected: Promise<KeyManagementServiceClient> | undefined;

  private constructor(timeoutMs: number, connect: () => Promise<KeyManagementServiceClient>) {
    this.#timeoutMs = timeoutMs;
    this.#connect = connect;
  }

  /** Sends nothing. Throws a BackendError if the SDK is not installed or the credentials are not a service account's. */
  static async load(config: GcpKmsConfig): Promise<GcpKmsClient> {
    const sdk = await loadOptionalPackage("@google-cloud/kms", () => import("@google-cloud/kms"));
    const { JWT } = await loadOptionalPackage("google-auth-library", () => import("google-auth-library"));
    const { endpoint, credentials, timeout_ms: timeoutMs } = config;
    const clientOptions = {
      transporterOptions: { maxContentLength: MAX_ANSWER_BYTES },
      // Nothing about this process in the requests' headers, and no reading of answers for a debug log.
      useAuthRequestParameters: false,
    };
    const authClient =
      credentials === undefined
        ? undefined
        : new JWT({ ...readServiceAccount(credentials), scopes: [SCOPE], ...clientOptions });
    return new GcpKmsClient(timeoutMs, async () => {
      const client = new sdk.KeyManagementServiceClient({
        fallback: true,
        scopes: [SCOPE],
        clientOptions,
        ...(endpoint === undefined ? {} : addressOf(endpoint)),
        ...(authClient === undefined ? {} : { authClient }),
      });
      await client.initialize();
      return client;
    });
  }

  /** Undefined if KMS answers that there is no such key version. */
  getKeyVersion(
    name: string,
    signal?: AbortSignal,
  ): Promise<protos.google.cloud.kms.v1.ICryptoKeyVersion | undefined> {
    return this.#call(signal, async (client, options) => {
      try {
        const [version] = await client.getCryptoKeyVersion({ name }, options);
        return version;
      } catch (error) {
        if ((error as { code?: unknown }).code === NOT_FOUND) return undefined;
        throw error;
      }
    });
  }

  async getPublicKey(name: string): Promise<protos.google.cloud.kms.v1.IPublicKey> {
    const [publicKey] = await this.#call(undefined, (client, options) =>
      client.getPublicKey({ name }, options),
    );
    return publicKey;
  }

  async sign(
    request: protos.google.cloud.kms.v1.IAsymmetricSignRequest,
  ): Promise<protos.google.cloud.kms.v1.IAsymmetricSignResponse> {
    const [signed] = await this.#call(undefined, (client, options) =>
      client.asymmetricSign(request, options),
    );
    return signed;
  }

  async close(): Promise<void> {
    const client = await this.#connected?.catch(() => undefined);
    await client?.close();
  }

  /**
   * Every client is asked for its credentials before it is used: when a call of the SDK itself finds none, it
   * leaves a rejection that nobody handles. One that failed is made anew at the next call.
   */
  #client(): Promise<KeyManagementServiceClient> {
    this.#connected ??= this.#connect().catch((error) => {
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  async #call<T>(
    signal: AbortSignal | undefined,
    send: (
      client: KeyManagementServiceClient,
      options: { timeout: number; signal: AbortSignal },
    ) => Promise<T>,
  ): Promise<T> {
    try {
      // The time is also given to the SDK, because it decides how long UNAVAILABLE is tried again.
      return await withinTime(this.#timeoutMs, signal, async (ending) =>
        send(await this.#client(), { timeout: this.#timeoutMs, signal: ending }),
      );
    } catch (error) {
      const { code } = error as { code?: unknown };
      const explanation = typeof code === "number" ? EXPLANATIONS[code] : undefined;
      throw backendUnavailable(`Google Cloud KMS ${explanation ?? "gave no usable answer"}`, error);
    }
  }
}

function addressOf(endpoint: string): { apiEndpoint: string; port: number; protocol: string } {
  const { protocol, hostname, port } = new URL(endpoint);
  return {
    apiEndpoint: hostname,
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    protocol: protocol.slice(0, -1),
  };
}
