import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import type {
  SignResultSchema,
  SignTransactionsRequest,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { reasonName, requestIdKey } from "@countersign/service-kit";
import { callerKey } from "../access/signer-gate.ts";
import type { SignerAudit } from "../audit/audit.ts";
import type { SignerEvents } from "../observability/events.ts";
import type { RelayerSigner } from "../relayer-signer/relayer-signer.ts";
import type { GrantsAsSent, SigningResult } from "../relayer-signer/signing-call.ts";

export interface SignTransactionsOptions {
  readonly signer: RelayerSigner;
  readonly audit: Pick<SignerAudit, "refused">;
  readonly events: Pick<SignerEvents, "batchAnswered">;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** RelayerSignerService.SignTransactions. */
export function signTransactions({
  signer,
  audit,
  events,
  now,
}: SignTransactionsOptions): MethodImpl<typeof RelayerSignerService.method.signTransactions> {
  return async (request, { values }) => {
    const started = now();
    const { network, transactions: requests } = request;
    const requestId = values.get(requestIdKey);
    const peer = values.get(callerKey);
    const results = await signer.sign({ network, requests, grants: grantsOf(request), requestId, peer });
    for (const result of results) {
      if (result.kind === "signed") continue;
      const { keyId, message, tenant, submissionId } = result;
      const reason = reasonName(result.reason);
      const payloadHash = Buffer.from(result.payloadHash).toString("hex");
      audit.refused({ peer, keyId, reason, message, requestId, payloadHash, tenant, submissionId });
    }
    events.batchAnswered({ requestId, network, results, durationMs: now() - started });
    return { results: results.map(toSignResult) };
  };
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
