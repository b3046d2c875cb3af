import type { MessageInitShape } from "@bufbuild/protobuf";
import { KeyState } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { KeyStatusSchema } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import type { KeyView } from "../keys/key-operations.ts";

/** A key as operators see it on the wire. */
export function keyStatusMessage(view: KeyView): MessageInitShape<typeof KeyStatusSchema> {
  const { keyId, network, accountId, publicKey, state, pauseReason, nonceFloor, highestNonce } = view;
  const paused = pauseReason !== null;
  return {
    key: { keyId, network, accountId, publicKey, state: KeyState[state], paused },
    backend: view.backend,
    pauseReason: pauseReason ?? "",
    ...(nonceFloor === null ? {} : { nonceFloor }),
    ...(highestNonce === null ? {} : { highestNonce }),
    hasPolicy: view.hasPolicy,
  };
}
