import { relayerShare } from "@countersign/crypto/derive.ts";
import {
  aggregate,
  assertPoint,
  CLIENT_ID,
  commit,
  groupKey,
  keyId,
  RELAYER_ID,
  SCHEME_ID,
  type SigningPackage,
  signShare,
  type VerifySignature,
  verifyingShare,
  verifyShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { proveEd25519, verifyEd25519 } from "@countersign/crypto/possession.ts";
import { isEd25519Signature } from "@countersign/near/ed25519";
import { clientContext, relayerContext } from "../possession-contexts.ts";
import { readingClient } from "../reading-client.ts";
import type { TwoRoundScheme } from "../scheme-module.ts";
import { joinCommitments, joinLastMessage, splitCommitments } from "./round-messages.ts";
import { decodeRoundState, encodeRoundState } from "./round-state.ts";

/**
 * FROST(Ed25519, SHA-512) of RFC 9591 between two: its signatures are plain Ed25519. The messages of the first round are
 * commitments, hiding and binding (64 bytes); those of the second are the client's signature share (32 bytes), and the
 * relayer's with the signature (96 bytes).
 */
export const thresholdEd25519Frost: TwoRoundScheme = {
  id: SCHEME_ID,
  clientId: CLIENT_ID,
  relayerId: RELAYER_ID,

  derive(masterSecret, { clientVerifyingShare, accountId, rpId }) {
    readingClient(() => assertPoint(clientVerifyingShare));
    const share = relayerShare(masterSecret, clientVerifyingShare, accountId, rpId);
    const own = verifyingShare(share);
    const publicKey = groupKey(clientVerifyingShare, own);
    return { share, verifyingShare: own, publicKey, keyId: keyId(publicKey) };
  },

  verifyPossession(proof, facts) {
    readingClient(() => assertPoint(facts.clientVerifyingShare));
    return verifyEd25519(proof, clientContext(SCHEME_ID, facts));
  },

  provePossession(half, facts, random) {
    return proveEd25519(half.share, relayerContext(SCHEME_ID, facts, half), random);
  },

  begin(half, digest, clientMessage, random) {
    const clientCommitments = splitCommitments(clientMessage);
    readingClient(() => {
      assertPoint(clientCommitments.hiding);
      assertPoint(clientCommitments.binding);
    });
    const { nonces, commitments: relayerCommitments } = commit(half.share, random);
    try {
      const state = encodeRoundState({ digest, clientCommitments, relayerCommitments, nonces });
      return { state, message: joinCommitments(relayerCommitments) };
    } finally {
      nonces.fill(0);
    }
  },

  verifyClient({ clientVerifyingShare, relayerVerifyingShare }, digest, state, clientMessage) {
    const publicKey = groupKey(clientVerifyingShare, relayerVerifyingShare);
    return withRound(publicKey, digest, state, (signing) =>
      readingClient(() => verifyShare("client", clientVerifyingShare, clientMessage, signing)),
    );
  },

  finish(half, digest, state, clientMessage) {
    return withRound(half.publicKey, digest, state, (signing, nonces) => {
      const relayerSignatureShare = signShare("relayer", half.share, nonces, signing);
      const signature = aggregate(signing, clientMessage, relayerSignatureShare, verifySignature);
      return joinLastMessage({ relayerSignatureShare, signature });
    });
  },
};

const verifySignature: VerifySignature = (signature, message, key) =>
  isEd25519Signature(key, message, signature);

/** Gives `use` what the first round settled; the nonces hold until it returns. */
function withRound<T>(
  publicKey: Uint8Array,
  digest: Uint8Array,
  state: Uint8Array,
  use: (signing: SigningPackage, nonces: Uint8Array) => T,
): T {
  const { nonces, digest: message, ...commitments } = decodeRoundState(state);
  try {
    if (Buffer.compare(message, digest) !== 0) throw new Error("a round for another digest");
    return use({ groupKey: publicKey, message, ...commitments }, nonces);
  } finally {
    nonces.fill(0);
  }
}
