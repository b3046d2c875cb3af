import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { NonceUse as NonceUseMessage } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { NonceUse } from "../../threshold/assertions/nonces.ts";
import { createNonce } from "../../threshold/keys/create-nonce.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const USES: ReadonlyMap<NonceUseMessage | undefined, NonceUse> = new Map([
  [NonceUseMessage.SESSION, "session"],
  [NonceUseMessage.AUTHORIZE, "authorize"],
  [NonceUseMessage.EXPORT, "export"],
]);

const { method } = ThresholdSignerService;

/** ThresholdSignerService.CreateThresholdNonce. */
export function createThresholdNonce(serve: ServeThreshold): MethodImpl<typeof method.createThresholdNonce> {
  return serve(method.createThresholdNonce, async ({ parts, caller }, { request }) => {
    const use = USES.get(request?.use);
    if (use === undefined) throw new Error("a use that the contract's rules do not let through");
    const { nonce, expiresAt } = await createNonce(parts, caller, request?.keyId ?? "", use);
    return { response: { nonce, expiresAt: timestampFromDate(expiresAt), tenant: caller.tenant } };
  });
}
