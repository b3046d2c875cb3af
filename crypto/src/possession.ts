// Proofs that a side holds the share whose public point it shows, bound to one key creation (Schnorr, Fiat–Shamir).
// Without them a side that sees the other's point first could choose its own so that it alone holds the whole key.
import type { CurvePoint } from "@noble/curves/abstract/curve.js";
import { equalBytes } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { BadInput } from "./bad-input.ts";
import type { Random } from "./encodings.ts";
import * as ed25519 from "./encodings.ts";
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

/** A scheme's group and its encodings. What reads throws BadInput. */
export interface ProofGroup<P extends CurvePoint<bigint, P>> {
  readonly Point: { readonly BASE: P };
  readonly Fn: {
    readonly is0: (scalar: bigint) => boolean;
    readonly add: (a: bigint, b: bigint) => bigint;
    readonly mul: (a: bigint, b: bigint) => bigint;
    readonly toBytes: (scalar: bigint) => Uint8Array;
  };
  readPoint(bytes: Uint8Array, what: string): P;
  readScalar(bytes: Uint8Array, what: string): bigint;
  readSecret(bytes: Uint8Array, what: string): bigint;
  /** 64 uniform bytes as a scalar. */
  reduceWide(bytes: Uint8Array): bigint;
}

const DOMAIN = utf8ToBytes("countersign/pop/v1");
const SCALAR_SIZE = 32;

/** The proof that `share` belongs to `context.ownShare`: R, then z, 64 bytes. Takes 64 random bytes. Throws FrostError. */
export function proveEd25519(share: Uint8Array, context: PossessionContext, random: Random): Uint8Array {
  return prove(ed25519, share, context, random);
}

/** Whether `proof` holds in this context. A proof or a context that is malformed does not. */
export function verifyEd25519(proof: Uint8Array, context: PossessionContext): boolean {
  return verify(ed25519, proof, context);
}

/** The proof, R and z, in a group. Takes 64 random bytes. Throws BadInput. */
export function prove<P extends CurvePoint<bigint, P>>(
  group: ProofGroup<P>,
  share: Uint8Array,
  context: PossessionContext,
  random: Random,
): Uint8Array {
  const { Fn, Point } = group;
  assertContext(group, context);
  const secret = group.readSecret(share, "a share");
  if (!equalBytes(Point.BASE.multiply(secret).toBytes(), context.ownShare)) {
    throw new BadInput("the public point is not the share's");
  }
  const k = group.reduceWide(random(64));
  if (Fn.is0(k)) throw new BadInput("the random nonce is zero");
  const commitment = Point.BASE.multiply(k).toBytes();
  const z = Fn.add(k, Fn.mul(challengeOf(group, context, commitment), secret));
  return concatBytes(commitment, Fn.toBytes(z));
}

/** Whether a proof holds in a group. */
export function verify<P extends CurvePoint<bigint, P>>(
  group: ProofGroup<P>,
  proof: Uint8Array,
  context: PossessionContext,
): boolean {
  const pointSize = Math.max(0, proof.length - SCALAR_SIZE);
  const commitment = proof.subarray(0, pointSize);
  try {
    assertContext(group, context);
    const expected = group
      .readPoint(context.ownShare, "the public point")
      .multiplyUnsafe(challengeOf(group, context, commitment))
      .add(group.readPoint(commitment, "a proof's commitment"));
    const z = group.readScalar(proof.subarray(pointSize), "a proof's response");
    return group.Point.BASE.multiplyUnsafe(z).equals(expected);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return false;
  }
}

function assertContext<P extends CurvePoint<bigint, P>>(
  group: ProofGroup<P>,
  { role, challenge, ownShare, peerShare }: PossessionContext,
): void {
  if (challenge.length !== 32) throw new BadInput(`a challenge has ${challenge.length} bytes, not 32`);
  group.readPoint(ownShare, "the public point");
  if (role === "relayer") group.readPoint(peerShare, "the client's public point");
  else if (peerShare.length !== 0) throw new BadInput("the client proves first, and names no peer");
}

function challengeOf<P extends CurvePoint<bigint, P>>(
  group: ProofGroup<P>,
  context: PossessionContext,
  commitment: Uint8Array,
): bigint {
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
  const bound = lp(...names, participant, challenge, ownShare, peerShare, commitment);
  return group.reduceWide(sha512(concatBytes(DOMAIN, bound)));
}
