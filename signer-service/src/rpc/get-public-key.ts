import type { MethodImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { HeldRecords } from "../keys/held-records.ts";
import { toRelayerKeyMessage } from "./relayer-key-message.ts";

/** RelayerSignerService.GetPublicKey. */
export function getPublicKey(
  heldRecords: HeldRecords,
): MethodImpl<typeof RelayerSignerService.method.getPublicKey> {
  return async ({ keyId }) => {
    const record = (await heldRecords()).find((key) => key.keyId === keyId);
    if (record === undefined) {
      throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, "the signer holds no key of this id");
    }
    return { key: toRelayerKeyMessage(record) };
  };
}
