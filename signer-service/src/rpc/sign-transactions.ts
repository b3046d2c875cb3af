import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type {
  SignResultSchema,
  SignTransactionsRequest,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { transactionHash } from "@countersign/near";
import { DomainError, reasonName, requestIdKey } from "@countersign/service-kit";
import { callerKey } from "../access/signer-gate.ts";
import type { SignerAudit } from "../audit/audit.ts";
import { toHex } from "../chain/hash-text.ts";
import type { SignerEvents } from "../observability/events.ts";
import type { RelayerSigner } from "../relayer-signer/relayer-signer.ts";
import {
  type GrantsAsSent,
  refusedBy,
  type SigningRequest,
  type SigningResult,
} from "../relayer-signer/signing-call.ts";

export interface SignTransactionsOptions {
  readonly signer: RelayerSigner;
  readonly holds: (keyId: string) => boolean;
  readonly audit: Pick<SignerAudit, "refused">;
  readonly events: Pick<SignerEvents, "batchAnswered">;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** RelayerSignerService.SignTransactions. */
export function signTransactions({
  signer,
  holds,
  audit,
  events,
  now,
}: SignTransactionsOptions): MethodImpl<typeof RelayerSignerService.method.signTransactions> {
  return async (request, { values }) => {
    const started = now();
    const { network, transactions: requests } = request;
    const requestId = values.get(requestIdKey);
    const peer = values.get(callerKey);
    const tell = (results: readonly SigningResult[]) => {
      for (const result of results) {
        if (result.kind === "signed") continue;
        const { keyId, message, tenant, submissionId } = result;
        const reason = reasonName(result.reason);
        const payloadHash = toHex(result.payloadHash);
        audit.refused({ peer, keyId, reason, message, requestId, payloadHash, tenant, submissionId });
      }
      events.batchAnswered({ requestId, network, results, durationMs: now() - started });
    };
    const call = { network, requests, grants: grantsOf(request), requestId, peer };
    const results = await signer.sign(call).catch((error: unknown) => {
      // The store is away, and nothing of the call is released: each of its transactions failed.
      tell(requests.map((one) => failed(one, error, holds(one.keyId))));
      throw error;
    });
    tell(results);
    return { results: results.map(toSignResult) };
  };
}

function failed({ keyId, transaction }: SigningRequest, error: unknown, isHeld: boolean): SigningResult {
  const refusal =
    error instanceof DomainError
      ? error
      : new DomainError(ErrorReason.INTERNAL, "the signer failed", { cause: error });
  const payloadHash = transactionHash(transaction);
  const unknown = { purpose: "", tenant: "", submissionId: "" } as const;
  // A name that means nothing here is no key: a caller has as many of them as it likes.
  return refusedBy(refusal, { keyId: isHeld ? keyId : "", payloadHash, ...unknown });
}

function grantsOf({ grants: bytes, grantsSignature }: SignTransactionsRequest): GrantsAsSent | null {
  if (grantsSignature === undefined) return null;
  const { keyId, signature } = grantsSignature;
  return { bytes, keyId, signature };
}

function toSignResult(result: SigningResult): MessageInitShape<typeof SignResultSchema> {
  if (result.kind === "signed") {
    const { signedTransaction, hash } = result;
    return { result: { case: "signed", value: { signedTransaction, hash } } };
  }
  const { reason, message } = result;
  return { result: { case: "refusal", value: { reason, message } } };
}
