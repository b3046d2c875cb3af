import type { MethodImpl } from "@connectrpc/connect";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import type { HeldRecords } from "../keys/held-records.ts";
import { toRelayerKeyMessage } from "./relayer-key-message.ts";

/** RelayerSignerService.ListKeys. */
export function listKeys(heldRecords: HeldRecords): MethodImpl<typeof RelayerSignerService.method.listKeys> {
  return async () => ({ keys: (await heldRecords()).map(toRelayerKeyMessage) });
}
