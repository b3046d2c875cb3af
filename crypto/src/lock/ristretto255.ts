import { mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import { invertCt } from "@noble/curves/abstract/modular.js";
import { ristretto255 as group } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { LockError } from "./lock-error.ts";
import { assertSize, type LockSuite, RISTRETTO255 } from "./lock-suite.ts";

const { Point } = group;
const { Fn } = Point;
type Point = InstanceType<typeof Point>;

/** Suite 1 in JavaScript, for every platform. */
export const ristretto255: LockSuite = {
  ...RISTRETTO255,
  assertElement: (bytes) => {
    toElement(bytes);
  },
  assertScalar: (bytes) => {
    if (Fn.is0(toScalar(bytes))) throw new LockError("INVALID_SCALAR", "a scalar is zero");
  },
  reduceWide: (wide) => Fn.toBytes(Fn.create(bytesToNumberLE(wide))),
  invert: (scalar) => Fn.toBytes(invertCt(toScalar(scalar), Fn.ORDER)),
  addProduct: (a, b, c) => Fn.toBytes(Fn.add(toScalar(a), Fn.mul(toScalar(b), toScalar(c)))),
  multiply: (scalar, element) => toElement(element).multiply(toScalar(scalar)).toBytes(),
  multiplyBase: (scalar) => Point.BASE.multiply(toScalar(scalar)).toBytes(),
  difference: (a, x, b, y) => {
    const points = [x === undefined ? Point.BASE : decode(x), decode(y).negate()];
    const difference = mulAddUnsafe(Point, points, [toScalar(a), toScalar(b)]);
    return difference.is0() ? undefined : difference.toBytes();
  },
};

function toElement(bytes: Uint8Array): Point {
  const element = decode(bytes);
  if (element.is0()) throw new LockError("INVALID_ELEMENT", "an element is the identity");
  return element;
}

/** RFC 9496, section 4.3.1: one encoding for each element. */
function decode(bytes: Uint8Array): Point {
  assertSize(bytes, RISTRETTO255.elementSize, "INVALID_ELEMENT");
  try {
    return Point.fromBytes(bytes);
  } catch {
    throw new LockError("INVALID_ELEMENT", "an element is no canonical encoding of ristretto255");
  }
}

function toScalar(bytes: Uint8Array): bigint {
  assertSize(bytes, RISTRETTO255.scalarSize, "INVALID_SCALAR");
  try {
    return Fn.fromBytes(bytes);
  } catch {
    throw new LockError("INVALID_SCALAR", "a scalar is not below the group's order");
  }
}
