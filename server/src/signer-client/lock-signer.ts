import { type CallOptions, type Client, Code, createClient, type Transport } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { DomainError, errorFromConnect } from "@countersign/service-kit";
import type { LockAnswer, LockCallBounds, LockKeys, PublicLockKey } from "../lock/lock-keys.ts";
import { passedOnRefusal } from "./passed-on.ts";
import type { SignerFailure } from "./signer-client.ts";

/** What is the caller's to know; everything else that goes wrong is the relay's and its operators' business. */
const PASSED_ON: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.LOCK_DISABLED,
  ErrorReason.LOCK_KEY_UNKNOWN,
  ErrorReason.LOCK_ELEMENT_INVALID,
]);

interface AnswerMessage {
  readonly key?: PublicLockKey | undefined;
  readonly element: Uint8Array;
  readonly proof: Uint8Array;
}

/** The lock keys of the signer, over its contract. What the answers hold is checked by the clients, by their proofs. */
export class LockSigner implements LockKeys {
  readonly #client: Client<typeof LockSignerService>;
  readonly #onFailure: (failure: SignerFailure) => void;

  constructor(transport: Transport, onFailure: (failure: SignerFailure) => void) {
    this.#client = createClient(LockSignerService, transport);
    this.#onFailure = onFailure;
  }

  async list(bounds: LockCallBounds): Promise<PublicLockKey[]> {
    const { keys } = await this.#call("GetLockKeys", bounds, (options) =>
      this.#client.getLockKeys({}, options),
    );
    return keys;
  }

  async apply(suite: LockSuite, element: Uint8Array, bounds: LockCallBounds): Promise<LockAnswer> {
    const message = { suite, element };
    return answerOf(
      await this.#call("ApplyLock", bounds, (options) => this.#client.applyLock(message, options)),
    );
  }

  async remove(keyId: string, element: Uint8Array, bounds: LockCallBounds): Promise<LockAnswer> {
    const message = { keyId, element };
    return answerOf(
      await this.#call("RemoveLock", bounds, (options) => this.#client.removeLock(message, options)),
    );
  }

  async #call<T>(
    method: string,
    bounds: LockCallBounds,
    make: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    try {
      return await make(bounds);
    } catch (cause) {
      bounds.signal?.throwIfAborted();
      const refusal = passedOnRefusal(cause, PASSED_ON);
      if (refusal !== undefined) throw refusal;
      const { code, retryAfterMs } = errorFromConnect(cause);
      this.#onFailure({ method, code: Code[code], error: cause });
      if (code === Code.Unimplemented) {
        throw new DomainError(ErrorReason.LOCK_DISABLED, "the signer knows no lock", { cause });
      }
      throw unavailable({ cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    }
  }
}

function answerOf({ key, element, proof }: AnswerMessage): LockAnswer {
  if (key === undefined) throw unavailable({ cause: new Error("an answer without its key") });
  return { key, element, proof };
}

function unavailable(options: { readonly cause: unknown; readonly retryAfterMs?: number }): DomainError {
  return new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "the signer gave no answer", options);
}
