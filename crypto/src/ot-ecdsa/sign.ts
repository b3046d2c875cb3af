// The signature of two shares. Both are linear in the presignature's values, so they are sent once.
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { equalBytes } from "@noble/curves/utils.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { BadInput } from "../bad-input.ts";
import { decodeBody, encodeOctets, octetsLimit } from "./codec.ts";
import { decodeMessage, encodeMessage, HEADER_SIZE, ROOT_SHARED } from "./framing.ts";
import type { SigningValues } from "./presignature.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { NO_TWEAK } from "./rerandomise.ts";
import type { RunTools } from "./run-tools.ts";
import {
  addScalars,
  isZero,
  multiplyScalars,
  negateScalar,
  ORDER,
  reduce,
  SCALAR_SIZE,
  toInteger,
} from "./scalar.ts";
import { type Participant, PLACES } from "./shares.ts";
import { wipe } from "./wipe.ts";

/** A signature as EVM chains take it. */
export interface EcdsaSignature {
  /** 32 bytes. */
  readonly r: Uint8Array;
  /** 32 bytes, at most n/2. */
  readonly s: Uint8Array;
  /** The parity of R's y, plus 2 where x(R) is n or more. */
  readonly recovery: 0 | 1 | 2 | 3;
}

/** What the coordinator makes a signature of. */
export interface Combination {
  /** The key X, 33 bytes, without a tweak. */
  readonly publicKey: Uint8Array;
  /** As it was rerandomised with. */
  readonly tweak?: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** The rerandomised R, 33 bytes. */
  readonly bigR: Uint8Array;
  /** Both signature shares, in any order. */
  readonly shares: readonly [Uint8Array, Uint8Array];
}

/**
 * This side's share of the signature, 32 bytes. Two shares of one presignature give the key away: take the presignature out
 * of the pool, durably, before. Throws BadInput for a digest of another size than 32 bytes.
 */
export function signatureShare(
  participant: Participant,
  { bigR, k, sigma }: SigningValues,
  digest: Uint8Array,
): Uint8Array {
  const { lambda } = PLACES[participant];
  const ofDigest = multiplyScalars(hashOfDigest(digest), lambda, k);
  const ofKey = multiplyScalars(xModOrder(bigR), lambda, sigma);
  const share = addScalars(ofDigest, ofKey);
  wipe([ofDigest, ofKey]);
  return share;
}

/** The message that takes a signature share to the coordinator. */
export function encodeSignMessage(share: Uint8Array): Uint8Array {
  return encodeMessage({ tag: ROOT_SHARED, waitpoint: 0, body: encodeOctets(share) });
}

/** The peer's signature share, 32 bytes. Throws ProtocolAbort. */
export function decodeSignMessage(bytes: Uint8Array): Uint8Array {
  if (bytes.length > HEADER_SIZE + octetsLimit(SCALAR_SIZE))
    throw new ProtocolAbort("a message is too large");
  const { tag, waitpoint, body } = decodeMessage(bytes);
  if (!equalBytes(tag, ROOT_SHARED) || waitpoint !== 0) {
    throw new ProtocolAbort("a message is not of this phase");
  }
  return decodeBody(body, "the signature share", (reader) => reader.scalar());
}

/** The signature, with the low s, verified under the key. Throws ProtocolAbort when the shares make none. */
export function combineSignature(tools: Pick<RunTools, "points">, combination: Combination): EcdsaSignature {
  const { publicKey, tweak = NO_TWEAK, digest, bigR, shares } = combination;
  const sum = addScalars(...shares);
  const high = toInteger(sum) > ORDER / 2n;
  const s = high ? negateScalar(sum) : sum;
  const r = xModOrder(bigR);
  const key = isZero(tweak) ? publicKey : tools.points.add(publicKey, tools.points.multiplyBase(tweak));
  if (key === undefined || !isSignature(r, s, digest, key)) {
    throw new ProtocolAbort("the shares make no signature of the key");
  }
  return { r, s, recovery: recoveryOf(bigR, high) };
}

function isSignature(r: Uint8Array, s: Uint8Array, digest: Uint8Array, key: Uint8Array): boolean {
  if (isZero(r) || isZero(s)) return false;
  return secp256k1.verify(concatBytes(r, s), digest, key, { prehash: false, lowS: true });
}

/** The digest as ECDSA takes it: an integer modulo n. */
function hashOfDigest(digest: Uint8Array): Uint8Array {
  if (digest.length !== SCALAR_SIZE) throw new BadInput(`a digest has ${digest.length} bytes, not 32`);
  return reduce(toInteger(digest));
}

/** x(R) modulo n. */
function xModOrder(bigR: Uint8Array): Uint8Array {
  return reduce(toInteger(bigR.subarray(1)));
}

function recoveryOf(bigR: Uint8Array, negated: boolean): 0 | 1 | 2 | 3 {
  const odd = (bigR[0] === 3) !== negated ? 1 : 0;
  return toInteger(bigR.subarray(1)) < ORDER ? odd : odd === 1 ? 3 : 2;
}
