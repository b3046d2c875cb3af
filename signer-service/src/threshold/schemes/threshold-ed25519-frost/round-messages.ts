import type { Commitments } from "@countersign/crypto/frost-ed25519.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

const POINT_BYTES = 32;
const SHARE_BYTES = 32;

/** Both commitments of a participant, 64 bytes. */
export const COMMITMENTS_BYTES = 2 * POINT_BYTES;

/** The message of the first round: hiding and binding. */
export function joinCommitments({ hiding, binding }: Commitments): Uint8Array {
  return Buffer.concat([hiding, binding]);
}

/** The other way; it says nothing of the points. Throws ROUND_MESSAGE_INVALID for another size. */
export function splitCommitments(message: Uint8Array): Commitments {
  if (message.length !== COMMITMENTS_BYTES) {
    throw new DomainError(ErrorReason.ROUND_MESSAGE_INVALID, `commitments have ${COMMITMENTS_BYTES} bytes`);
  }
  return { hiding: message.subarray(0, POINT_BYTES), binding: message.subarray(POINT_BYTES) };
}

/** What ends a signature: the relayer's share, 32 bytes, and the signature, 64. */
export interface LastMessage {
  readonly relayerSignatureShare: Uint8Array;
  readonly signature: Uint8Array;
}

/** The relayer's message of the second round: 96 bytes. */
export function joinLastMessage({ relayerSignatureShare, signature }: LastMessage): Uint8Array {
  return Buffer.concat([relayerSignatureShare, signature]);
}

/** The other way. */
export function splitLastMessage(message: Uint8Array): LastMessage {
  return {
    relayerSignatureShare: message.subarray(0, SHARE_BYTES),
    signature: message.subarray(SHARE_BYTES),
  };
}
