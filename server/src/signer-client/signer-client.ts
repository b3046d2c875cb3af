import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { SignResult as SignResultMessage } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { DomainError, reasonName } from "@countersign/service-kit";
import type { SignResult, TransactionSigner } from "../tx/sign-batch.ts";

/** The public half of a key that the signer holds. */
export interface SignerKey {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
}

/** A call to the signer that failed. */
export interface SignerFailure {
  readonly method: string;
  /** Connect's code in words, for example "Unavailable". */
  readonly code: string;
  readonly error: unknown;
}

/**
 * The signer over its contract. Any failure of a call is SIGNER_UNAVAILABLE: whether to try again is the
 * caller's choice, and signing the same bytes twice is harmless.
 */
export class SignerClient implements TransactionSigner {
  readonly #client: Client<typeof RelayerSignerService>;

  readonly #onFailure: (failure: SignerFailure) => void;

  constructor(transport: Transport, onFailure: (failure: SignerFailure) => void) {
    this.#client = createClient(RelayerSignerService, transport);
    this.#onFailure = onFailure;
  }

  /** All keys that the signer holds. */
  async listKeys(signal?: AbortSignal): Promise<SignerKey[]> {
    const { keys } = await this.#call("ListKeys", (options) => this.#client.listKeys({}, options), signal);
    return keys.map(({ keyId, network, accountId, publicKey }) => ({ keyId, network, accountId, publicKey }));
  }

  async sign(
    network: string,
    transactions: readonly { keyId: string; transaction: Uint8Array }[],
    signal: AbortSignal,
  ): Promise<SignResult[]> {
    const { results } = await this.#call(
      "SignTransactions",
      (options) => this.#client.signTransactions({ network, transactions: [...transactions] }, options),
      signal,
    );
    if (results.length !== transactions.length) {
      throw unavailable(new Error(`${results.length} results for ${transactions.length} transactions`));
    }
    return results.map(toResult);
  }

  async #call<T>(
    method: string,
    make: (options: { signal?: AbortSignal }) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await make(signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      this.#onFailure({ method, code: Code[ConnectError.from(error).code], error });
      throw unavailable(error);
    }
  }
}

function unavailable(cause: unknown): DomainError {
  return new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "the signer gave no answer", { cause });
}

function toResult({ result }: SignResultMessage): SignResult {
  switch (result.case) {
    case "signed":
      return {
        kind: "signed",
        signedTransaction: result.value.signedTransaction,
        hash: result.value.hash,
      };
    case "refusal":
      // A fault of the signer's, not of the transaction: it passes, or an operator mends it.
      if (result.value.reason === ErrorReason.INTERNAL) throw unavailable(new Error(result.value.message));
      return { kind: "refused", reason: reasonName(result.value.reason), message: result.value.message };
    default:
      throw unavailable(new Error("a result that is neither signed nor refused"));
  }
}
