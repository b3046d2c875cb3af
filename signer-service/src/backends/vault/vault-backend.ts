import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import type { Backend } from "../backend.ts";
import { BackendError } from "../backend-failure.ts";
import { VaultClient, type VaultKeyFacts } from "./vault-client.ts";
import { VaultKey } from "./vault-key.ts";
import type { VaultConfig } from "./vault-schema.ts";

/** A key's name in Vault, and after "@" one of its versions. */
const REFERENCE = /^(\w(?:[\w.-]{0,126}\w)?)(?:@([1-9]\d{0,8}))?$/;

/**
 * HashiCorp Vault's transit secrets engine. A reference is a key's name with the version whose public half is the
 * access key, "relayer-1@1"; without a version it is the latest one at the start. The keys are made with Vault's own
 * tools: type ed25519, not derived.
 *
 * Sends nothing yet. Throws a BackendError if `ca_file` cannot be read.
 */
export async function openVaultBackend(config: VaultConfig): Promise<Backend> {
  return new VaultBackend(config, await VaultClient.load(config));
}

class VaultBackend implements Backend {
  readonly name: string;
  readonly #place: string;
  readonly #client: VaultClient;

  constructor(config: VaultConfig, client: VaultClient) {
    this.name = config.name;
    this.#place = `${config.endpoint}/v1/${config.mount}`;
    this.#client = client;
  }

  describe(): string {
    return `vault at ${this.#place}`;
  }

  /** Throws a BackendError for a key that cannot sign for NEAR, SIGNER_BACKEND_UNAVAILABLE if Vault does not answer. */
  async open(reference: string): Promise<KeyBackend> {
    const [, name, pinned] = REFERENCE.exec(reference) ?? [];
    if (name === undefined) {
      throw new BackendError(
        `a key of ${this.name} is named like relayer-1 or, with its version, relayer-1@1`,
      );
    }
    const facts = await this.#client.readKey(name);
    if (facts === undefined) throw new BackendError(`key ${name} of ${this.name} does not exist`);
    const problem = problemOf(facts);
    if (problem !== null) throw new BackendError(`key ${name} of ${this.name} ${problem}`);
    const version = pinned === undefined ? facts.latest_version : Number(pinned);
    const held = facts.keys[version];
    const text = typeof held === "object" ? (held.public_key ?? "") : "";
    const data = new Uint8Array(Buffer.from(text, "base64"));
    if (data.length !== 32) throw new BackendError(`key ${name} of ${this.name} has no version ${version}`);
    return new VaultKey(this.#client, name, version, { type: "ed25519", data });
  }

  /** Whether Vault serves. That a single key still signs is found out by signing. */
  check(signal: AbortSignal): Promise<void> {
    return this.#client.checkHealth(signal);
  }

  async close(): Promise<void> {
    this.#client.close();
  }
}

function problemOf({ type, derived, soft_deleted: deleted }: VaultKeyFacts): string | null {
  if (type !== "ed25519") return `is of type ${type}, not ed25519`;
  if (derived === true) return "is derived: it has a public key for each context";
  if (deleted === true) return "is deleted and waits for its removal";
  return null;
}
