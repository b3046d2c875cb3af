import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import { authorizeEcdsa } from "./authorize-ecdsa.ts";
import { authorizeEd25519 } from "./authorize-ed25519.ts";
import { beginThresholdKey } from "./begin-threshold-key.ts";
import { createThresholdNonce } from "./create-threshold-nonce.ts";
import { endThresholdSession } from "./end-threshold-session.ts";
import { exportThresholdShare } from "./export-threshold-share.ts";
import { finishThresholdKey } from "./finish-threshold-key.ts";
import { getPresignaturePool } from "./get-presignature-pool.ts";
import { getThresholdKey } from "./get-threshold-key.ts";
import { listThresholdKeys } from "./list-threshold-keys.ts";
import { mintThresholdSession } from "./mint-threshold-session.ts";
import { presignInit } from "./presign-init.ts";
import { presignStep } from "./presign-step.ts";
import { signEcdsaFinalize } from "./sign-ecdsa-finalize.ts";
import { signEcdsaInit } from "./sign-ecdsa-init.ts";
import { signEd25519Finalize } from "./sign-ed25519-finalize.ts";
import { signEd25519Init } from "./sign-ed25519-init.ts";
import { serveThreshold, type ThresholdCallOptions } from "./threshold-call.ts";

/** ThresholdSignerService, all of it. */
export function thresholdSignerService(options: ThresholdCallOptions): ServedService {
  const served = serveThreshold(options);
  return serve(ThresholdSignerService, {
    beginThresholdKey: beginThresholdKey(served),
    finishThresholdKey: finishThresholdKey(served),
    getThresholdKey: getThresholdKey(served),
    listThresholdKeys: listThresholdKeys(served),
    createThresholdNonce: createThresholdNonce(served),
    mintThresholdSession: mintThresholdSession(served),
    endThresholdSession: endThresholdSession(served),
    exportThresholdShare: exportThresholdShare(served),
    authorizeEd25519: authorizeEd25519(served),
    signEd25519Init: signEd25519Init(served),
    signEd25519Finalize: signEd25519Finalize(served),
    authorizeEcdsa: authorizeEcdsa(served),
    presignInit: presignInit(served),
    presignStep: presignStep(served),
    signEcdsaInit: signEcdsaInit(served),
    signEcdsaFinalize: signEcdsaFinalize(served),
    getPresignaturePool: getPresignaturePool(served),
  });
}
