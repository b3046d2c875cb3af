// Proofs that a side holds the share whose public point it shows, bound to one key creation (Schnorr, Fiat–Shamir).
// Without them a side that sees the other's point first could choose its own so that it alone holds the whole key.

import { bytesToNumberLE, equalBytes } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import {
  Fn,
  FrostError,
  Point,
  type Random,
  readPoint,
  readScalar,
  readSecret,
  reduceWide,
  writePoint,
} from "./encodings.ts";
import { CLIENT_ID, RELAYER_ID, type Role } from "./frost-ed25519.ts";
import { lp } from "./length-prefixed.ts";

/** All that a proof is bound to. */
export interface PossessionContext {
  readonly schemeId: string;
  /** Whose share it is. */
  readonly role: Role;
  readonly network: string;
  readonly tenant: string;
  readonly user: string;
  readonly accountId: string;
  readonly rpId: string;
  /** The signer's challenge, 32 bytes. */
  readonly challenge: Uint8Array;
  /** The public point whose share is proved. */
  readonly ownShare: Uint8Array;
  /** Empty for the client, the client's public point for the relayer. */
  readonly peerShare: Uint8Array;
}

const DOMAIN = utf8ToBytes("countersign/pop/v1");

/** The proof that `share` belongs to `context.ownShare`: R, then z, 64 bytes. Takes 64 random bytes. Throws FrostError. */
export function proveEd25519(share: Uint8Array, context: PossessionContext, random: Random): Uint8Array {
  assertContext(context);
  const secret = readSecret(share, "a share");
  if (!equalBytes(Point.BASE.multiply(secret).toBytes(), context.ownShare)) {
    throw new FrostError("the public point is not the share's");
  }
  const k = reduceWide(random(64));
  if (Fn.is0(k)) throw new FrostError("the random nonce is zero");
  const commitment = writePoint(Point.BASE.multiply(k), "a proof's commitment");
  const z = Fn.add(k, Fn.mul(challengeOf(context, commitment), secret));
  return concatBytes(commitment, Fn.toBytes(z));
}

/** Whether `proof` holds in this context. A proof or a context that is malformed does not. */
export function verifyEd25519(proof: Uint8Array, context: PossessionContext): boolean {
  const commitment = proof.subarray(0, 32);
  try {
    assertContext(context);
    const expected = readPoint(context.ownShare, "the public point")
      .multiplyUnsafe(challengeOf(context, commitment))
      .add(readPoint(commitment, "a proof's commitment"));
    return Point.BASE.multiplyUnsafe(readScalar(proof.subarray(32), "a proof's response")).equals(expected);
  } catch (error) {
    if (!(error instanceof FrostError)) throw error;
    return false;
  }
}

function assertContext({ role, challenge, ownShare, peerShare }: PossessionContext): void {
  if (challenge.length !== 32) throw new FrostError(`a challenge has ${challenge.length} bytes, not 32`);
  readPoint(ownShare, "the public point");
  if (role === "relayer") readPoint(peerShare, "the client's public point");
  else if (peerShare.length !== 0) throw new FrostError("the client proves first, and names no peer");
}

function challengeOf(context: PossessionContext, commitment: Uint8Array): bigint {
  const names = [
    context.schemeId,
    context.role,
    context.network,
    context.tenant,
    context.user,
    context.accountId,
    context.rpId.toLowerCase(),
  ].map(utf8ToBytes);
  const participant = Uint8Array.of(context.role === "client" ? CLIENT_ID : RELAYER_ID);
  const { challenge, ownShare, peerShare } = context;
  const hash = sha512(
    concatBytes(DOMAIN, lp(...names, participant, challenge, ownShare, peerShare, commitment)),
  );
  return Fn.create(bytesToNumberLE(hash));
}
