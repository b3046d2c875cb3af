import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import type { SignResultSchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { requestIdKey } from "@countersign/service-kit";
import type { SignerEvents } from "../observability/events.ts";
import type { RelayerSigner, SigningResult } from "../relayer-signer/relayer-signer.ts";

/** RelayerSignerService.SignTransactions. `now` is a monotonic clock in milliseconds. */
export function signTransactions(
  signer: RelayerSigner,
  events: SignerEvents,
  now: () => number,
): MethodImpl<typeof RelayerSignerService.method.signTransactions> {
  return async ({ network, transactions }, context) => {
    const started = now();
    const results = await signer.sign(network, transactions);
    const requestId = context.values.get(requestIdKey);
    events.batchAnswered({ requestId, network, results, durationMs: now() - started });
    return { results: results.map(toSignResult) };
  };
}

function toSignResult(result: SigningResult): MessageInitShape<typeof SignResultSchema> {
  if (result.kind === "signed") {
    const { signedTransaction, hash } = result;
    return { result: { case: "signed", value: { signedTransaction, hash } } };
  }
  const { reason, message } = result;
  return { result: { case: "refusal", value: { reason, message } } };
}
