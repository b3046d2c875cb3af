import { readFile } from "node:fs/promises";
import { z } from "zod";
import { BackendError, backendUnavailable } from "../backend-failure.ts";
import { withinTime } from "../time-limit.ts";
import { type VaultAnswer, VaultHttp } from "./vault-http.ts";
import type { VaultConfig } from "./vault-schema.ts";
import { VaultToken } from "./vault-token.ts";

/** What of GET transit/keys/:name is read. */
const keySchema = z.object({
  data: z.object({
    type: z.string().max(64),
    derived: z.boolean().optional(),
    soft_deleted: z.boolean().optional(),
    latest_version: z.int().min(1),
    /** For asymmetric keys by version; the public key of an Ed25519 one is base64 of its 32 bytes. */
    keys: z.record(z.string(), z.object({ public_key: z.string().max(8192).optional() }).or(z.number())),
  }),
});

const signatureSchema = z.object({ data: z.object({ signature: z.string().max(8192) }) });

export type VaultKeyFacts = z.output<typeof keySchema>["data"];

/** What the operator has to mend or wait for, by HTTP status (Vault's API documentation, "HTTP status codes"). */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  400: "does not take the request: the key or its version may not be for signing",
  403: "denies access: the token has expired, or its policy has to be mended",
  404: "knows no such key",
  429: "is throttling",
  503: "is sealed or being maintained",
};

/**
 * The operations of Vault's transit secrets engine that signing needs (Vault's API documentation, "Transit secrets
 * engine": Read key, Sign data), each within the configured time. Whatever goes wrong is a DomainError
 * SIGNER_BACKEND_UNAVAILABLE.
 */
export class VaultClient {
  readonly #config: VaultConfig;
  readonly #http: VaultHttp;
  readonly #token: VaultToken;

  private constructor(config: VaultConfig, http: VaultHttp) {
    this.#config = config;
    this.#http = http;
    this.#token = new VaultToken(config.token);
  }

  /** Sends nothing. Throws a BackendError if the file of authorities cannot be read. */
  static async load(config: VaultConfig): Promise<VaultClient> {
    return new VaultClient(config, new VaultHttp(config.endpoint, await readAuthorities(config)));
  }

  /** Undefined if there is no such key or no such engine. `name` is checked by the caller: it goes into the path. */
  async readKey(name: string): Promise<VaultKeyFacts | undefined> {
    const answer = await this.#ask("GET", `keys/${name}`);
    return answer.status === 404 ? undefined : this.#read(keySchema, answer).data;
  }

  /** The signature as Vault writes it: "vault:v1:" and base64. */
  async sign(name: string, version: number, message: Uint8Array): Promise<string> {
    const body = { input: Buffer.from(message).toString("base64"), key_version: version };
    return this.#read(signatureSchema, await this.#ask("POST", `sign/${name}`, body)).data.signature;
  }

  /** Asks whether the server is unsealed and serves; any node of a cluster will do. Takes neither token nor namespace. */
  async checkHealth(signal: AbortSignal): Promise<void> {
    const path = "/v1/sys/health?standbyok=true&perfstandbyok=true";
    const { status } = await this.#send(signal, (ending) =>
      this.#http.send("GET", path, { "x-vault-request": "true" }, undefined, ending),
    );
    if (status !== 200) throw this.#unavailable(status);
  }

  close(): void {
    this.#http.close();
  }

  /** With the token, and once more if there is another one by now. */
  #ask(method: "GET" | "POST", path: string, body?: object): Promise<VaultAnswer> {
    const { mount, namespace } = this.#config;
    return this.#send(undefined, async (signal) => {
      const send = (token: string) => {
        const headers = {
          "x-vault-request": "true",
          "x-vault-token": token,
          ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
        };
        return this.#http.send(method, `/v1/${mount}/${path}`, headers, body, signal);
      };
      const token = this.#token.reveal();
      const answer = await send(token);
      return answer.status === 403 && this.#token.renewed(token) ? send(this.#token.reveal()) : answer;
    });
  }

  #read<T>(schema: z.ZodType<T>, { status, json }: VaultAnswer): T {
    if (status !== 200) throw this.#unavailable(status);
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw backendUnavailable("Vault gave no usable answer", parsed.error);
    return parsed.data;
  }

  async #send(
    signal: AbortSignal | undefined,
    send: (signal: AbortSignal) => Promise<VaultAnswer>,
  ): Promise<VaultAnswer> {
    try {
      return await withinTime(this.#config.timeout_ms, signal, send);
    } catch (error) {
      throw backendUnavailable("Vault gave no usable answer", error);
    }
  }

  /** Never Vault's own words: they may quote the request. */
  #unavailable(status: number) {
    const explanation = EXPLANATIONS[status] ?? "gave no usable answer";
    return backendUnavailable(`Vault ${explanation}`, new Error(`HTTP status ${status}`));
  }
}

async function readAuthorities({ name, ca_file: file }: VaultConfig): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new BackendError(`ca_file of ${name} cannot be read: ${file}`, { cause });
  }
}
