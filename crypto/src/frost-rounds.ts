// RFC 9591, FROST(Ed25519, SHA-512), for any two participants: what both rounds share. The operations are noble's, the
// composition is ours; docs/decisions/0018-frost-through-noble.md says why, and the tests hold it against noble's own.
import { mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import { bytesToNumberLE, equalBytes } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { Fn, FrostError, Point, readPoint, readScalar, readSecret, writePoint } from "./encodings.ts";
import { Memo } from "./memo.ts";

/** A participant's commitments of round one: points of 32 bytes each. */
export interface Commitments {
  readonly hiding: Uint8Array;
  readonly binding: Uint8Array;
}

export interface Participant {
  /** Its number, from 1. */
  readonly id: number;
  readonly commitments: Commitments;
}

/** What is signed, and by which two: the lower number first. */
export interface Ceremony {
  readonly groupKey: Uint8Array;
  readonly message: Uint8Array;
  readonly participants: readonly [Participant, Participant];
}

/** What round two computes of a ceremony. All of it is public. */
export interface Transcript {
  /** Binding factors (section 4.4), in the participants' order. */
  readonly bindingFactors: readonly [bigint, bigint];
  /** The group commitment R (section 4.5), 32 bytes. */
  readonly groupCommitment: Uint8Array;
  /** The challenge c (section 4.6). */
  readonly challenge: bigint;
}

// Section 6.1: the prefixes of H1, H4 and H5. H2 has none, so that the signature is a plain Ed25519 signature.
const CONTEXT = "FROST-ED25519-SHA512-v1";
const H1_PREFIX = utf8ToBytes(`${CONTEXT}rho`);
const H4_PREFIX = utf8ToBytes(`${CONTEXT}msg`);
const H5_PREFIX = utf8ToBytes(`${CONTEXT}com`);

/** Group commitments of the latest ceremonies: a signer needs each three times. */
const groupCommitments = new Memo<Uint8Array>(256);

/** Checks every point of the ceremony, then computes its transcript. Throws FrostError. */
export function transcribe({ groupKey, message, participants }: Ceremony): Transcript {
  readPoint(groupKey, "the group's key");
  const points = participants.map(({ commitments }) => ({
    hiding: readPoint(commitments.hiding, "a hiding commitment"),
    binding: readPoint(commitments.binding, "a binding commitment"),
  }));
  const encoded = participants.flatMap(({ id, commitments }) => [
    encodeId(id),
    commitments.hiding,
    commitments.binding,
  ]);
  const prefix = concatBytes(
    H1_PREFIX,
    groupKey,
    sha512(concatBytes(H4_PREFIX, message)),
    sha512(concatBytes(H5_PREFIX, ...encoded)),
  );
  const [first, second] = participants;
  const bindingFactors = [
    hashToScalar(prefix, encodeId(first.id)),
    hashToScalar(prefix, encodeId(second.id)),
  ] as const;
  // The first factor is a hash of the whole ceremony, so it names it.
  const groupCommitment = groupCommitments.get(bytesToHex(Fn.toBytes(bindingFactors[0])), () => {
    const bindings = points.map((p) => p.binding);
    const sum = points.reduce(
      (acc, p) => acc.add(p.hiding),
      mulAddUnsafe(Point, bindings, [...bindingFactors]),
    );
    if (sum.is0()) throw new FrostError("the commitments cancel each other out");
    return sum.toBytes();
  });
  return { bindingFactors, groupCommitment, challenge: hashToScalar(groupCommitment, groupKey, message) };
}

/**
 * The signature share of the participant at `index` (section 5.2). `nonces` are the hiding and the binding nonce, 64
 * bytes, and its commitments in the ceremony have to be theirs. Throws FrostError.
 */
export function signatureShare(
  ceremony: Ceremony,
  index: 0 | 1,
  share: Uint8Array,
  nonces: Uint8Array,
): Uint8Array {
  if (nonces.length !== 64) throw new FrostError(`nonces have ${nonces.length} bytes, not 64`);
  const secret = readSecret(share, "a share");
  const hiding = readSecret(nonces.subarray(0, 32), "a hiding nonce");
  const binding = readSecret(nonces.subarray(32), "a binding nonce");
  const own = ceremony.participants[index].commitments;
  const ownHiding = writePoint(Point.BASE.multiply(hiding), "a hiding commitment");
  const ownBinding = writePoint(Point.BASE.multiply(binding), "a binding commitment");
  if (!equalBytes(own.hiding, ownHiding) || !equalBytes(own.binding, ownBinding)) {
    throw new FrostError("the package holds other commitments than these nonces'");
  }
  const { bindingFactors, challenge } = transcribe(ceremony);
  const nonce = Fn.add(hiding, Fn.mul(binding, bindingFactors[index]));
  return Fn.toBytes(Fn.add(nonce, Fn.mul(Fn.mul(lambda(ceremony, index), secret), challenge)));
}

/** Whether the signature share of the participant at `index` is right (section 5.4). Throws FrostError. */
export function isSignatureShare(
  ceremony: Ceremony,
  index: 0 | 1,
  verifyingShare: Uint8Array,
  share: Uint8Array,
): boolean {
  const publicShare = readPoint(verifyingShare, "a verifying share");
  const z = readScalar(share, "a signature share");
  const { bindingFactors, challenge } = transcribe(ceremony);
  const own = ceremony.participants[index].commitments;
  // All of it is public, so it may take a time of its own.
  const expected = mulAddUnsafe(
    Point,
    [readPoint(own.binding, "a binding commitment"), publicShare],
    [bindingFactors[index], Fn.mul(challenge, lambda(ceremony, index))],
  ).add(readPoint(own.hiding, "a hiding commitment"));
  return Point.BASE.multiplyUnsafe(z).equals(expected);
}

/** The signature that two shares make (section 5.3), unverified: R, then the sum. Throws FrostError. */
export function sumOfShares(ceremony: Ceremony, shares: readonly [Uint8Array, Uint8Array]): Uint8Array {
  const [first, second] = shares.map((share) => readScalar(share, "a signature share")) as [bigint, bigint];
  return concatBytes(transcribe(ceremony).groupCommitment, Fn.toBytes(Fn.add(first, second)));
}

/** λ of the participant at `index` (section 4.2). */
function lambda({ participants }: Ceremony, index: 0 | 1): bigint {
  const own = BigInt(participants[index].id);
  const peer = BigInt(participants[(1 - index) as 0 | 1].id);
  return Fn.div(Fn.create(peer), Fn.create(peer - own));
}

function encodeId(id: number): Uint8Array {
  return Fn.toBytes(BigInt(id));
}

function hashToScalar(...parts: readonly Uint8Array[]): bigint {
  return Fn.create(bytesToNumberLE(sha512(concatBytes(...parts))));
}
