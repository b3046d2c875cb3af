import type { PublicKey } from "@countersign/near";
import type { DomainError } from "@countersign/service-kit";
import type { KeyBackend } from "../../relayer-signer/key-backend.ts";
import type { Backend, MadeKey, NewKeyNames } from "../backend.ts";
import { answerRefused, BackendError, backendUnavailable, wordsOf } from "../backend-failure.ts";
import type { SecretSealer } from "../secret-sealer.ts";
import { withinTime } from "../time-limit.ts";
import type { Pkcs11Config } from "./pkcs11-schema.ts";
import { TokenConnection } from "./token-connection.ts";
import { TokenFailure } from "./token-failure.ts";
import { tokenSealer } from "./token-sealer.ts";

/**
 * The keys of an HSM's token, over its PKCS#11 library. A reference is a key's label (CKA_LABEL), or "id:" and its
 * CKA_ID in hex; the private key and its public half must both be there, once each.
 *
 * A token that is away is waited for: calls fail with SIGNER_BACKEND_UNAVAILABLE until it is back. Throws a
 * BackendError where waiting does not help: pkcs11js is not built, the library does not load, the PIN is wrong.
 * A PIN is not looked at while another backend of this process is logged in to the token.
 */
export async function openPkcs11Backend(config: Pkcs11Config): Promise<Backend> {
  const connection = new TokenConnection(config);
  try {
    await connection.connect();
  } catch (error) {
    if (!(error instanceof TokenFailure) || error.kind !== "lost") {
      await connection.close();
      throw new BackendError(`backend ${config.name} ${wordsOf(error)}`, { cause: error });
    }
  }
  return new Pkcs11Backend(config, connection);
}

class Pkcs11Backend implements Backend {
  readonly name: string;
  readonly sealer: SecretSealer;
  readonly #config: Pkcs11Config;
  readonly #connection: TokenConnection;
  /** One key is made at a time: whether a label is free must still be true when the key is there. */
  #made: Promise<unknown> = Promise.resolve();

  constructor(config: Pkcs11Config, connection: TokenConnection) {
    this.name = config.name;
    this.#config = config;
    this.#connection = connection;
    this.sealer = tokenSealer(connection, config.name, (error) => mistakeOr(config.name, error));
  }

  describe(): string {
    return `pkcs11 token ${this.#config.token_label} through ${this.#config.module}`;
  }

  /** Throws a BackendError for a key that is not there, or that cannot sign for NEAR. */
  async open(reference: string): Promise<KeyBackend> {
    try {
      return this.#keyOf(reference, await this.#connection.call("publicKey", reference));
    } catch (error) {
      throw mistakeOr(this.name, error);
    }
  }

  /**
   * A key pair that is made on the token and cannot leave it: its label is the key's id. Asked for again, for
   * example after the signer died before it could note the key, it gives the same key; a key with this label that
   * came about in another way is refused with a BackendError.
   */
  generate({ keyId }: NewKeyNames): Promise<MadeKey> {
    const made = this.#made.then(() => this.#generate(keyId));
    this.#made = made.catch(() => {});
    return made;
  }

  /** Asks for the token's state; a connection that was lost is made again. */
  async check(signal: AbortSignal): Promise<void> {
    try {
      await withinTime(this.#config.timeout_ms, signal, () => this.#connection.call("check"));
    } catch (error) {
      throw domainErrorOf(this.name, error);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #generate(keyId: string): Promise<MadeKey> {
    try {
      const { publicKey, isFound } = await this.#connection.call("generate", keyId, this.#config.generate);
      const made = { reference: keyId, key: this.#keyOf(keyId, publicKey) };
      return isFound ? { ...made, isFound } : made;
    } catch (error) {
      throw mistakeOr(this.name, error);
    }
  }

  #keyOf(reference: string, publicKey: PublicKey): KeyBackend {
    const describe = `pkcs11 ${this.name} ${reference}`;
    return {
      describe: () => describe,
      publicKey: async () => publicKey,
      sign: async (hash) => {
        try {
          // A copy: what is posted to a thread takes the whole buffer along that it is a part of.
          return await this.#connection.call("sign", reference, Uint8Array.from(hash));
        } catch (error) {
          throw domainErrorOf(this.name, error);
        }
      },
    };
  }
}

/** What is wrong with the key itself is the operator's to mend; the rest passes. */
function mistakeOr(name: string, error: unknown): BackendError | DomainError {
  return error instanceof TokenFailure && error.kind === "key"
    ? new BackendError(`backend ${name}: ${error.message}`, { cause: error })
    : domainErrorOf(name, error);
}

function domainErrorOf(name: string, error: unknown): DomainError {
  const words = `backend ${name}: ${wordsOf(error)}`;
  return error instanceof TokenFailure && error.kind === "answer"
    ? answerRefused(words, error)
    : backendUnavailable(words, error);
}
