import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { Memo } from "../memo.ts";
import { POINT_SIZE } from "./codec.ts";
import { negatePoint, type PointBackend } from "./point-backend.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { isScalar, isZero, toInteger } from "./scalar.ts";

const { Point } = secp256k1;
type Point = InstanceType<typeof Point>;

/**
 * Public points that were decoded, which costs a square root: they are looked at before they are multiplied. Sums are
 * made of secret points too, and those are not to be remembered.
 */
const decoded = new Memo<Point>(512);

/** Points in JavaScript, for every platform. A constant-time multiplication takes 1 to 2 ms. */
export const noblePoints: PointBackend = {
  multiplyBase: (scalar) => encode(Point.BASE.multiply(decodeScalar(scalar))),
  multiply: (scalar, point) => encode(recall(point).multiply(decodeScalar(scalar))),
  multiplyPublic: (scalar, point) => encode(recall(point).multiplyUnsafe(decodeScalar(scalar))),
  add: (...points) => {
    const sum = points.map(decode).reduce((a, b) => a.add(b), Point.ZERO);
    return sum.is0() ? undefined : encode(sum);
  },
  negate: negatePoint,
  isPoint: (bytes) => {
    try {
      recall(bytes);
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolAbort)) throw error;
      return false;
    }
  },
};

function decodeScalar(bytes: Uint8Array): bigint {
  if (!isScalar(bytes) || isZero(bytes)) throw new ProtocolAbort("a scalar is zero or not below n");
  return toInteger(bytes);
}

function recall(bytes: Uint8Array): Point {
  return decoded.get(bytesToHex(bytes), () => decode(bytes));
}

function decode(bytes: Uint8Array): Point {
  if (bytes.length !== POINT_SIZE) throw new ProtocolAbort("a point has not 33 bytes");
  try {
    return Point.fromBytes(bytes);
  } catch {
    throw new ProtocolAbort("a point is not on the curve");
  }
}

function encode(point: Point): Uint8Array {
  return point.toBytes(true);
}
