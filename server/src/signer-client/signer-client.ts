import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { SignResult as SignResultMessage } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { DomainError, reasonName } from "@countersign/service-kit";
import type { HeldKey } from "../lanes/lane-pool.ts";
import type { SigningItem, SignResult, TransactionSigner } from "../lanes/sign-batch.ts";
import type { GrantSigner } from "./grant-signer.ts";
import { heldKey } from "./held-key.ts";
import { refusalClass } from "./refusal-class.ts";

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
  readonly #grants: GrantSigner | undefined;

  /** Without `grants` calls carry none. */
  constructor(transport: Transport, onFailure: (failure: SignerFailure) => void, grants?: GrantSigner) {
    this.#client = createClient(RelayerSignerService, transport);
    this.#onFailure = onFailure;
    this.#grants = grants;
  }

  /** All keys that the signer holds. */
  async listKeys(signal?: AbortSignal): Promise<HeldKey[]> {
    const { keys } = await this.#call("ListKeys", (options) => this.#client.listKeys({}, options), signal);
    return keys.map(heldKey);
  }

  async sign(network: string, items: readonly SigningItem[], signal: AbortSignal): Promise<SignResult[]> {
    const transactions = items.map(({ keyId, transaction, callerCredential }) => ({
      keyId,
      transaction,
      callerCredential: callerCredential?.reveal() ?? "",
    }));
    const request = { network, transactions, ...this.#grants?.sign(network, items) };
    const { results } = await this.#call(
      "SignTransactions",
      (options) => this.#client.signTransactions(request, options),
      signal,
    );
    if (results.length !== items.length) {
      throw unavailable(new Error(`${results.length} results for ${items.length} transactions`));
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
      return notSigned(result.value.reason, result.value.message);
    default:
      // Neither signed nor refused: a fault of the signer's, as INTERNAL is.
      return notSigned(ErrorReason.INTERNAL, "");
  }
}

function notSigned(code: ErrorReason, message: string): SignResult {
  const reason = reasonName(code);
  switch (refusalClass(code)) {
    case "final":
      return { kind: "refused", reason, message };
    case "other nonce":
      return { kind: "other nonce", reason };
    case "transaction waits":
      return { kind: "waits", reason, forKey: false };
    case "key waits":
      return { kind: "waits", reason, forKey: true };
  }
}
