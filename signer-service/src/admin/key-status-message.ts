import type { MessageInitShape } from "@bufbuild/protobuf";
import type { KeyStatusSchema } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import type { KeyView } from "../keys/key-operations.ts";
import { toRelayerKeyMessage } from "../rpc/relayer-key-message.ts";

/** A key as operators see it on the wire. */
export function keyStatusMessage(view: KeyView): MessageInitShape<typeof KeyStatusSchema> {
  const { pauseReason, nonceFloor, highestNonce } = view;
  return {
    key: toRelayerKeyMessage(view),
    backend: view.backend,
    pauseReason: pauseReason ?? "",
    ...(nonceFloor === null ? {} : { nonceFloor }),
    ...(highestNonce === null ? {} : { highestNonce }),
    hasPolicy: view.hasPolicy,
  };
}
