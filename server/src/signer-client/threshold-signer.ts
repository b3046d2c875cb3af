import { type CallOptions, type Client, Code, createClient, type Transport } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { DomainError, errorFromConnect } from "@countersign/service-kit";
import { callFailure } from "./call-failure.ts";
import { passedOnRefusal } from "./passed-on.ts";
import type { SignerFailure } from "./signer-client.ts";

/** Until when a call is waited for, and no longer than `timeoutMs` milliseconds. */
export interface CallBounds {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * The signer's half of threshold signing over its contract. No call is ever made twice here: a round of a protocol that
 * is repeated with other bytes gives shares away.
 */
export class ThresholdSigner {
  readonly methods: Client<typeof ThresholdSignerService>;
  readonly #onFailure: (failure: SignerFailure) => void;

  constructor(transport: Transport, onFailure: (failure: SignerFailure) => void) {
    this.methods = createClient(ThresholdSignerService, transport);
    this.#onFailure = onFailure;
  }

  /**
   * Makes one call. A refusal whose reason is among `passedOn` is thrown as it is, with its message and its wait.
   * Everything else is not the caller's doing, and is told to `onFailure`.
   *
   * @throws what is passed on; THRESHOLD_DISABLED for a signer that does not know the method, SIGNER_UNAVAILABLE when
   *   it gives no answer, SIGNER_REFUSED when it refuses the relay; the signal's reason when that is aborted
   */
  async call<T>(
    method: string,
    passedOn: ReadonlySet<ErrorReason>,
    bounds: CallBounds,
    make: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    try {
      return await make(bounds);
    } catch (cause) {
      bounds.signal.throwIfAborted();
      const refusal = passedOnRefusal(cause, passedOn);
      if (refusal !== undefined) throw refusal;
      const { code, retryAfterMs } = errorFromConnect(cause);
      this.#onFailure({ method, code: Code[code], error: cause });
      throw failure(code, cause, retryAfterMs);
    }
  }
}

function failure(code: Code, cause: unknown, retryAfterMs: number | undefined): DomainError {
  if (code !== Code.Unimplemented) return callFailure(code, cause, retryAfterMs);
  return new DomainError(ErrorReason.THRESHOLD_DISABLED, "the signer knows no threshold signing", { cause });
}
