import type { Commitments } from "@countersign/crypto/frost-ed25519.ts";
import { COMMITMENTS_BYTES, joinCommitments, splitCommitments } from "./round-messages.ts";

/** What the relayer keeps between the two rounds: the whole signing package, and its nonces, which are secret. */
export interface RoundState {
  readonly digest: Uint8Array;
  readonly clientCommitments: Commitments;
  readonly relayerCommitments: Commitments;
  /** 64 bytes. */
  readonly nonces: Uint8Array;
}

const VERSION = 1;
const DIGEST_BYTES = 32;
const NONCES_BYTES = 64;
const STATE_BYTES = 1 + DIGEST_BYTES + 2 * COMMITMENTS_BYTES + NONCES_BYTES;

/** 225 bytes: version 1, the digest, the client's commitments, the relayer's, the nonces. */
export function encodeRoundState(state: RoundState): Uint8Array {
  return Buffer.concat([
    Buffer.of(VERSION),
    state.digest,
    joinCommitments(state.clientCommitments),
    joinCommitments(state.relayerCommitments),
    state.nonces,
  ]);
}

/** Reads what `encodeRoundState` wrote, into bytes of its own. Throws an Error for anything else. */
export function decodeRoundState(bytes: Uint8Array): RoundState {
  if (bytes.length !== STATE_BYTES || bytes[0] !== VERSION) throw new Error("not the state of a round");
  let at = 1;
  const take = (size: number) => {
    at += size;
    // Not slice(): a Buffer's shares its memory, and whoever wipes the nonces would wipe the state.
    return Uint8Array.from(bytes.subarray(at - size, at));
  };
  return {
    digest: take(DIGEST_BYTES),
    clientCommitments: splitCommitments(take(COMMITMENTS_BYTES)),
    relayerCommitments: splitCommitments(take(COMMITMENTS_BYTES)),
    nonces: take(NONCES_BYTES),
  };
}
