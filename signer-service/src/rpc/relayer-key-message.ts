import type { MessageInitShape } from "@bufbuild/protobuf";
import { KeyState, type RelayerKeySchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { KeyRecord } from "../keys/key-records.ts";

/** A key as it stands on the wire. */
export function toRelayerKeyMessage(record: KeyRecord): MessageInitShape<typeof RelayerKeySchema> {
  const { keyId, network, accountId, publicKey, state, pauseReason } = record;
  return { keyId, network, accountId, publicKey, state: KeyState[state], paused: pauseReason !== null };
}
