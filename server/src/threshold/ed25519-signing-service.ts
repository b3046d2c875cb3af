import type { ServiceImpl } from "@connectrpc/connect";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { forward } from "./forward.ts";
import type { ThresholdContext } from "./threshold-context.ts";

/** countersign.threshold.v1.Ed25519SigningService, passed on whole. */
export function ed25519SigningService(context: ThresholdContext): ServiceImpl<typeof Ed25519SigningService> {
  const { method } = Ed25519SigningService;
  const { methods } = context.signer;
  return {
    authorize: forward(context, method.authorize, methods.authorizeEd25519),
    signInit: forward(context, method.signInit, methods.signEd25519Init),
    signFinalize: forward(context, method.signFinalize, methods.signEd25519Finalize),
  };
}
