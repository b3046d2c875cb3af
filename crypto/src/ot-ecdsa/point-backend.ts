/**
 * The arithmetic of secp256k1's points, which a platform may have in native code. Points are 33 bytes (compressed SEC1),
 * never the identity; scalars are 32 bytes, big-endian, below n, not zero. What computes throws ProtocolAbort for an
 * input that is neither.
 */
export interface PointBackend {
  /** scalar·G, constant-time. */
  multiplyBase(scalar: Uint8Array): Uint8Array;
  /** scalar·point, constant-time in the scalar. The point is public. */
  multiply(scalar: Uint8Array, point: Uint8Array): Uint8Array;
  /** The same for public scalars: the time may depend on them. */
  multiplyPublic(scalar: Uint8Array, point: Uint8Array): Uint8Array;
  /** The sum of points that may be secret; undefined for the identity, which has no encoding. */
  add(...points: Uint8Array[]): Uint8Array | undefined;
  /** −point. */
  negate(point: Uint8Array): Uint8Array;
  /** Whether these are 33 bytes that begin with 02 or 03 and name a point of the curve. */
  isPoint(bytes: Uint8Array): boolean;
}

/** The other point with the same x: 02 and 03 say which. */
export function negatePoint(point: Uint8Array): Uint8Array {
  const negative = point.slice();
  negative[0] = 5 - (point[0] ?? 0);
  return negative;
}
