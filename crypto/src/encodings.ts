// Scalars and points of Ed25519's prime-order group as bytes (RFC 9591, section 6.1): one encoding each, nothing else.
import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { BadInput } from "./bad-input.ts";
import { Memo } from "./memo.ts";

/** An input is not what the protocol takes: no canonical scalar, no point of the group, a package that does not fit. */
export class FrostError extends BadInput {
  override readonly name = "FrostError";
}

/** Gives that many random bytes of a cryptographic generator. Who asks for them wipes them. */
export type Random = (bytes: number) => Uint8Array;

export type Point = InstanceType<typeof ed25519.Point>;
export const Point = ed25519.Point;
/** The scalars: integers modulo the group's order ℓ. */
export const Fn = ed25519.Point.Fn;

/** Bytes of a scalar, and of a point. */
const SIZE = 32;

/**
 * Points that were found good. Their check costs a multiplication by ℓ, and a signature meets each of its points
 * several times. They are public, so what is remembered tells nobody anything.
 */
const goodPoints = new Memo<Point>(1_024);

/** Reads a scalar: 32 bytes, little-endian, below ℓ. Zero is a scalar. Throws FrostError. */
export function readScalar(bytes: Uint8Array, what: string): bigint {
  try {
    return Fn.fromBytes(bytes);
  } catch {
    throw new FrostError(`${what} is no canonical scalar of ${SIZE} bytes`);
  }
}

/** Reads a scalar that is a secret: zero would be none. Throws FrostError. */
export function readSecret(bytes: Uint8Array, what: string): bigint {
  const scalar = readScalar(bytes, what);
  if (Fn.is0(scalar)) throw new FrostError(`${what} is zero`);
  return scalar;
}

/** Reads a point: 32 bytes, canonical, in the prime-order subgroup, not the identity. Throws FrostError. */
export function readPoint(bytes: Uint8Array, what: string): Point {
  if (bytes.length !== SIZE) throw new FrostError(`${what} has ${bytes.length} bytes, not ${SIZE}`);
  return goodPoints.get(bytesToHex(bytes), () => decodePoint(bytes, what));
}

function decodePoint(bytes: Uint8Array, what: string): Point {
  let point: Point;
  try {
    point = Point.fromBytes(bytes);
  } catch {
    throw new FrostError(`${what} is no canonical point`);
  }
  if (point.is0()) throw new FrostError(`${what} is the identity`);
  if (!point.isTorsionFree()) throw new FrostError(`${what} is outside the prime-order subgroup`);
  return point;
}

/** The encoding of a point that was computed from good ones. Throws FrostError for the identity, which has none. */
export function writePoint(point: Point, what: string): Uint8Array {
  if (point.is0()) throw new FrostError(`${what} is the identity`);
  const bytes = point.toBytes();
  goodPoints.set(bytesToHex(bytes), point);
  return bytes;
}

/** 64 uniform bytes as a scalar: little-endian, modulo ℓ. Takes them: they are zero afterwards. */
export function reduceWide(bytes: Uint8Array): bigint {
  if (bytes.length !== 2 * SIZE) throw new FrostError(`${bytes.length} bytes to reduce, not ${2 * SIZE}`);
  const scalar = Fn.create(bytesToNumberLE(bytes));
  bytes.fill(0);
  return scalar;
}
