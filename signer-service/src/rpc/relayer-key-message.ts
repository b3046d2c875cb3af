import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RelayerKeySchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { formatPublicKey } from "@countersign/near";
import type { RelayerKey } from "../relayer-signer/key-backend.ts";

/** A key as it stands on the wire. */
export function toRelayerKeyMessage(key: RelayerKey): MessageInitShape<typeof RelayerKeySchema> {
  return {
    keyId: key.keyId,
    network: key.network,
    accountId: key.accountId,
    publicKey: formatPublicKey(key.publicKey),
  };
}
