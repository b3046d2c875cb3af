// FROST(Ed25519, SHA-512) of RFC 9591 for a client and a relayer, both needed. Pure: the caller brings the randomness.
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { base58 } from "@scure/base";
import {
  Fn,
  FrostError,
  Point,
  type Random,
  readPoint,
  readSecret,
  reduceWide,
  writePoint,
} from "./encodings.ts";
import {
  type Ceremony,
  type Commitments,
  isSignatureShare,
  signatureShare,
  sumOfShares,
} from "./frost-rounds.ts";

export { FrostError, type Random } from "./encodings.ts";
export type { Commitments } from "./frost-rounds.ts";

export const SCHEME_ID = "threshold-ed25519-frost-2p-v1";

/** The participants' numbers. They make the key: PK = 2·P_c − P_r. */
export const CLIENT_ID = 1;
export const RELAYER_ID = 2;

export type Role = "client" | "relayer";

/** Bytes that one nonce takes of the generator (RFC 9591, section 4.1). */
const NONCE_RANDOMNESS = 32;
/** The prefix of H3 (section 6.1). */
const NONCE_PREFIX = utf8ToBytes("FROST-ED25519-SHA512-v1nonce");

/** What both sides sign in round two. */
export interface SigningPackage {
  /** The group's public key, 32 bytes. */
  readonly groupKey: Uint8Array;
  /** What is signed: for NEAR a digest of 32 bytes. */
  readonly message: Uint8Array;
  readonly clientCommitments: Commitments;
  readonly relayerCommitments: Commitments;
}

/** What round one gives. */
export interface Round1 {
  /** The hiding and the binding nonce: 64 bytes, secret. */
  readonly nonces: Uint8Array;
  readonly commitments: Commitments;
}

/** Whether `signature` (64 bytes) is the key's (32 bytes) over `message`, as RFC 8032 verifies. */
export type VerifySignature = (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean;

/** The public point of a share, 32 bytes. Throws FrostError for a share that is zero or no canonical scalar. */
export function verifyingShare(share: Uint8Array): Uint8Array {
  return writePoint(Point.BASE.multiply(readSecret(share, "a share")), "a verifying share");
}

/** The group's public key, 32 bytes, of both verifying shares. Throws FrostError. */
export function groupKey(clientVerifyingShare: Uint8Array, relayerVerifyingShare: Uint8Array): Uint8Array {
  const client = readPoint(clientVerifyingShare, "the client's verifying share");
  const relayer = readPoint(relayerVerifyingShare, "the relayer's verifying share");
  return writePoint(client.double().subtract(relayer), "the group's key");
}

/** Refuses what is no canonical encoding of a point in the prime-order subgroup, or the identity, with a FrostError. */
export function assertPoint(bytes: Uint8Array): void {
  readPoint(bytes, "the point");
}

/** The key's name: "ed25519:" and base58. */
export function keyId(group: Uint8Array): string {
  return `ed25519:${base58.encode(group)}`;
}

/**
 * Round one (RFC 9591, section 5.1): nonces for one signature, which stay secret, and their commitments. Takes 32 random
 * bytes twice, hashed with the share, so that a weak generator alone gives no nonce away. Throws FrostError.
 */
export function commit(share: Uint8Array, random: Random): Round1 {
  readSecret(share, "a share");
  const [hiding, binding] = [newNonce(share, random), newNonce(share, random)];
  const nonces = new Uint8Array(64);
  nonces.set(Fn.toBytes(hiding));
  nonces.set(Fn.toBytes(binding), 32);
  return {
    nonces,
    commitments: {
      hiding: writePoint(Point.BASE.multiply(hiding), "a hiding commitment"),
      binding: writePoint(Point.BASE.multiply(binding), "a binding commitment"),
    },
  };
}

/** `nonce_generate` (section 4.1). A nonce of zero, which nobody will ever see, is an error. */
function newNonce(share: Uint8Array, random: Random): bigint {
  const seed = random(NONCE_RANDOMNESS);
  if (seed.length !== NONCE_RANDOMNESS) throw new FrostError(`the generator gave ${seed.length} bytes`);
  const preimage = concatBytes(NONCE_PREFIX, seed, share);
  const nonce = reduceWide(sha512(preimage));
  preimage.fill(0);
  seed.fill(0);
  if (Fn.is0(nonce)) throw new FrostError("the nonce is zero");
  return nonce;
}

/**
 * Round two (section 5.2): this side's signature share, 32 bytes. Takes the nonces: whatever comes of it, they are zero
 * afterwards, and zeros are refused. Throws FrostError when a point is bad or the package's own commitments are not
 * those of the nonces.
 */
export function signShare(
  role: Role,
  share: Uint8Array,
  nonces: Uint8Array,
  signing: SigningPackage,
): Uint8Array {
  try {
    return signatureShare(ceremony(signing), indexOf(role), share, nonces);
  } finally {
    nonces.fill(0);
  }
}

/**
 * Whether a signature share is right (section 5.4). `publicShare` is the role's verifying share. Throws FrostError when
 * an input is no encoding at all.
 */
export function verifyShare(
  role: Role,
  publicShare: Uint8Array,
  share: Uint8Array,
  signing: SigningPackage,
): boolean {
  return isSignatureShare(ceremony(signing), indexOf(role), publicShare, share);
}

/**
 * The signature (section 5.3): 64 bytes that any verifier of Ed25519 takes. It is verified before it is given. `verify`
 * may be a faster verifier than JavaScript's, for example the system's. Throws FrostError when it does not hold.
 */
export function aggregate(
  signing: SigningPackage,
  clientShare: Uint8Array,
  relayerShare: Uint8Array,
  verify: VerifySignature = verifyStrictly,
): Uint8Array {
  const signature = sumOfShares(ceremony(signing), [clientShare, relayerShare]);
  if (!verify(signature, signing.message, signing.groupKey)) {
    throw new FrostError("the shares make no signature of the group's key");
  }
  return signature;
}

function verifyStrictly(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  return ed25519.verify(signature, message, key, { zip215: false });
}

function ceremony(signing: SigningPackage): Ceremony {
  return {
    groupKey: signing.groupKey,
    message: signing.message,
    participants: [
      { id: CLIENT_ID, commitments: signing.clientCommitments },
      { id: RELAYER_ID, commitments: signing.relayerCommitments },
    ],
  };
}

function indexOf(role: Role): 0 | 1 {
  return role === "client" ? 0 : 1;
}
