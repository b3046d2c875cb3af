import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { attachSignature, type Signature, transactionHash, verifySignature } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { HeldKey, KeyBackend, RelayerKey } from "./key-backend.ts";
import { findKeyConflict } from "./key-conflict.ts";
import { checkTransaction } from "./transaction-check.ts";

/** A transaction to be signed: borsh bytes of an unsigned Transaction. */
export interface SigningRequest {
  keyId: string;
  transaction: Uint8Array;
}

/** What became of one transaction. `hash` is 32 bytes; `cause` is private, for the log. */
export type SigningResult =
  | { kind: "signed"; keyId: string; signedTransaction: Uint8Array; hash: Uint8Array }
  | { kind: "refused"; keyId: string; reason: ErrorReason; message: string; cause: unknown };

/** Signs transactions with the relayer's keys, and nothing that it has not decoded itself. */
export class RelayerSigner {
  readonly #keys: ReadonlyMap<string, { key: RelayerKey; backend: KeyBackend }>;

  private constructor(keys: ReadonlyMap<string, { key: RelayerKey; backend: KeyBackend }>) {
    this.#keys = keys;
  }

  /**
   * Asks every backend for its public key. Throws an Error if a key id or a public key occurs twice, for two
   * networks or within one.
   */
  static async load(held: readonly HeldKey[]): Promise<RelayerSigner> {
    const loaded = await Promise.all(
      held.map(async ({ backend, ...names }) => ({
        key: { ...names, publicKey: await backend.publicKey() },
        backend,
      })),
    );
    const conflict = findKeyConflict(loaded.map(({ key }) => key));
    if (conflict !== null) throw new Error(conflict);
    return new RelayerSigner(new Map(loaded.map((entry) => [entry.key.keyId, entry])));
  }

  /** All keys, by id. */
  keys(): RelayerKey[] {
    return [...this.#keys.values()].map(({ key }) => key).sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
  }

  /** One key; throws SIGNER_KEY_NOT_FOUND. */
  key(keyId: string): RelayerKey {
    return this.#held(keyId).key;
  }

  #held(keyId: string): { key: RelayerKey; backend: KeyBackend } {
    const held = this.#keys.get(keyId);
    if (held === undefined) {
      throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, "the signer holds no key of this id");
    }
    return held;
  }

  /** One result for each request, in their order; a refused one does not stop the others. */
  sign(network: string, requests: readonly SigningRequest[]): Promise<SigningResult[]> {
    return Promise.all(requests.map((request) => this.#signOne(network, request)));
  }

  async #signOne(network: string, { keyId, transaction }: SigningRequest): Promise<SigningResult> {
    try {
      const { key, backend } = this.#held(keyId);
      checkTransaction(transaction, network, key);
      const hash = transactionHash(transaction);
      const signature = { type: key.publicKey.type, data: await backend.sign(hash) };
      const signedTransaction = attachChecked(transaction, hash, key, signature);
      return { kind: "signed", keyId, signedTransaction, hash };
    } catch (error) {
      const refusal =
        error instanceof DomainError
          ? error
          : new DomainError(ErrorReason.INTERNAL, "the key's backend failed", { cause: error });
      return {
        kind: "refused",
        keyId,
        reason: refusal.reason,
        message: refusal.message,
        cause: refusal.cause,
      };
    }
  }
}

/** A faulty signature can give the key away and is never released (fault attacks on Ed25519). */
function attachChecked(
  transaction: Uint8Array,
  hash: Uint8Array,
  key: RelayerKey,
  signature: Signature,
): Uint8Array {
  if (!verifySignature(key.publicKey, hash, signature)) {
    throw new DomainError(
      ErrorReason.SIGNER_SELF_CHECK_FAILED,
      `the signature of key ${key.keyId} does not verify; nothing is released`,
    );
  }
  return attachSignature(transaction, signature);
}
