import { type CallOptions, type Client, Code, createClient, type Transport } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import type { RelayerKey } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { DomainError, errorFromConnect } from "@countersign/service-kit";
import type { NewKey, PoolSigner } from "../key-pool/ports.ts";
import type { HeldKey } from "../lanes/lane-pool.ts";
import { callFailure } from "./call-failure.ts";
import { heldKey } from "./held-key.ts";
import { passedOnRefusal } from "./passed-on.ts";
import type { SignerFailure } from "./signer-client.ts";

/** What operators are to know as the signer says it. */
const PASSED_ON: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.SIGNER_POLICY_DENIED,
  ErrorReason.SIGNER_KEY_EXISTS,
  ErrorReason.SIGNER_KEY_NOT_FOUND,
  ErrorReason.SIGNER_KEY_STATE_CONFLICT,
  ErrorReason.SIGNER_CONFIG_INVALID,
  ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
  ErrorReason.SIGNER_STORE_UNAVAILABLE,
  ErrorReason.RELOAD_RUNNING,
]);

/**
 * The signer's side of key pools, over its contract. Besides its own reasons its calls throw SIGNER_REFUSED when it refuses
 * the relay, or is too old to know pools.
 */
export class KeyPoolSigner implements PoolSigner {
  readonly #client: Client<typeof KeyPoolSignerService>;
  readonly #onFailure: (failure: SignerFailure) => void;

  constructor(transport: Transport, onFailure: (failure: SignerFailure) => void) {
    this.#client = createClient(KeyPoolSignerService, transport);
    this.#onFailure = onFailure;
  }

  async generate(key: NewKey, signal: AbortSignal): Promise<HeldKey> {
    const { network, accountId, keyId } = key;
    const made = await this.#call("GeneratePoolKey", keyId, signal, (options) =>
      this.#client.generatePoolKey({ network, accountId, keyId }, options),
    );
    if (made.network !== network || made.accountId !== accountId) {
      throw noAnswer(new Error(`the key is ${made.accountId}'s on ${made.network}`));
    }
    return made;
  }

  activate(keyId: string, nonceFloor: bigint, signal: AbortSignal): Promise<HeldKey> {
    return this.#call("ActivatePoolKey", keyId, signal, (options) =>
      this.#client.activatePoolKey({ keyId, nonceFloor }, options),
    );
  }

  drain(keyId: string, signal: AbortSignal): Promise<HeldKey> {
    return this.#call("DrainPoolKey", keyId, signal, (options) =>
      this.#client.drainPoolKey({ keyId }, options),
    );
  }

  retire(keyId: string, signal: AbortSignal): Promise<HeldKey> {
    return this.#call("RetirePoolKey", keyId, signal, (options) =>
      this.#client.retirePoolKey({ keyId }, options),
    );
  }

  async #call(
    method: string,
    keyId: string,
    signal: AbortSignal,
    make: (options: CallOptions) => Promise<{ readonly key?: RelayerKey | undefined }>,
  ): Promise<HeldKey> {
    try {
      const { key } = await make({ signal });
      if (key?.keyId !== keyId) throw new Error("an answer without the key that was asked for");
      return heldKey(key);
    } catch (cause) {
      signal.throwIfAborted();
      const refusal = passedOnRefusal(cause, PASSED_ON);
      if (refusal !== undefined) throw refusal;
      const { code, retryAfterMs } = errorFromConnect(cause);
      this.#onFailure({ method, code: Code[code], error: cause });
      if (code === Code.Unimplemented) {
        const message = "the signer knows no key pools: it is older than this relay";
        throw new DomainError(ErrorReason.SIGNER_REFUSED, message, { cause });
      }
      throw callFailure(code, cause, retryAfterMs);
    }
  }
}

function noAnswer(cause: unknown): DomainError {
  return callFailure(Code.Internal, cause, undefined);
}
