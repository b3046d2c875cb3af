import type { MethodImpl } from "@connectrpc/connect";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import type { RelayerSigner } from "../relayer-signer/relayer-signer.ts";
import { toRelayerKeyMessage } from "./relayer-key-message.ts";

/** RelayerSignerService.ListKeys. */
export function listKeys(signer: RelayerSigner): MethodImpl<typeof RelayerSignerService.method.listKeys> {
  return () => ({ keys: signer.keys().map(toRelayerKeyMessage) });
}
