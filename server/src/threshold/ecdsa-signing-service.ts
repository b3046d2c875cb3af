import type { ServiceImpl } from "@connectrpc/connect";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { forward } from "./forward.ts";
import type { ThresholdContext } from "./threshold-context.ts";

/** countersign.threshold.v1.EcdsaSigningService, passed on whole. */
export function ecdsaSigningService(context: ThresholdContext): ServiceImpl<typeof EcdsaSigningService> {
  const { method } = EcdsaSigningService;
  const { methods } = context.signer;
  return {
    authorizeEcdsa: forward(context, method.authorizeEcdsa, methods.authorizeEcdsa),
    presignInit: forward(context, method.presignInit, methods.presignInit),
    presignStep: forward(context, method.presignStep, methods.presignStep),
    signEcdsaInit: forward(context, method.signEcdsaInit, methods.signEcdsaInit),
    signEcdsaFinalize: forward(context, method.signEcdsaFinalize, methods.signEcdsaFinalize),
    getPresignaturePool: forward(context, method.getPresignaturePool, methods.getPresignaturePool),
  };
}
