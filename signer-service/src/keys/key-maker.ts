import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Backend, MadeKey, NewKeyNames } from "../backends/backend.ts";
import { BackendError, wordsOf } from "../backends/backend-failure.ts";
import { KeystoreError } from "../backends/keystore/keystore-error.ts";
import type { RingKey } from "./ring-key.ts";

/** Makes keys in backends, and remembers those that the store has not heard of: asked for again, they are not remade. */
export class KeyMaker {
  readonly #made = new Map<string, MadeKey>();

  /**
   * Throws SIGNER_KEY_EXISTS where the place has another key of this name, SIGNER_CONFIG_INVALID for a place that makes
   * no keys or a keystore that takes none, and SIGNER_BACKEND_UNAVAILABLE. With `isNew`, what the place had already is
   * SIGNER_KEY_EXISTS, too.
   */
  async make(backend: Backend, names: NewKeyNames, isNew = false): Promise<RingKey> {
    const generate = backend.generate?.bind(backend);
    if (generate === undefined) {
      throw new DomainError(ErrorReason.SIGNER_CONFIG_INVALID, `backend ${backend.name} makes no keys`);
    }
    const name = nameOf(backend.name, names);
    try {
      const made = this.#made.get(name) ?? (await generate(names));
      this.#made.set(name, made);
      const { key, reference, isFound } = made;
      if (isNew && isFound === true) {
        const message = `backend ${backend.name} has a key ${names.keyId} already that the store does not know`;
        throw new DomainError(ErrorReason.SIGNER_KEY_EXISTS, message);
      }
      return {
        ...names,
        backend: key,
        publicKey: await key.publicKey(),
        backendName: backend.name,
        reference,
      };
    } catch (error) {
      if (error instanceof DomainError) throw error;
      const message = `backend ${backend.name} did not make the key: ${wordsOf(error)}`;
      throw new DomainError(reasonOf(error), message, { cause: error });
    }
  }

  /** The store knows the key. */
  entered(key: RingKey): void {
    this.#made.delete(nameOf(key.backendName, key));
  }
}

/** Of what a place answers, another try changes nothing. A keystore's error has a cause where the system failed. */
function reasonOf(error: unknown): ErrorReason {
  if (error instanceof BackendError) return ErrorReason.SIGNER_KEY_EXISTS;
  if (error instanceof KeystoreError && error.cause === undefined) return ErrorReason.SIGNER_CONFIG_INVALID;
  return ErrorReason.SIGNER_BACKEND_UNAVAILABLE;
}

function nameOf(backend: string, { keyId, network, accountId }: NewKeyNames): string {
  return JSON.stringify([backend, keyId, network, accountId]);
}
