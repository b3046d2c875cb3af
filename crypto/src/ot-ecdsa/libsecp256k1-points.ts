// The package's main file falls back to JavaScript without a word, and that is not constant-time: take the addon itself.
import libsecp256k1 from "secp256k1/bindings.js";
import { POINT_SIZE } from "./codec.ts";
import { negatePoint, type PointBackend } from "./point-backend.ts";
import { ProtocolAbort } from "./protocol-abort.ts";

/** Bitcoin Core's library as a native addon, for Node: tens of microseconds for a constant-time multiplication. */
export const libsecp256k1Points: PointBackend = {
  multiplyBase: (scalar) => refusing(() => libsecp256k1.publicKeyCreate(scalar)),
  multiply: multiplyConstantTime,
  multiplyPublic: (scalar, point) =>
    refusing(() => libsecp256k1.publicKeyTweakMul(assertSize(point), scalar, true)),
  add: (...points) => {
    try {
      return libsecp256k1.publicKeyCombine(points.map(assertSize), true);
    } catch {
      if (points.every(libsecp256k1Points.isPoint)) return undefined;
      throw new ProtocolAbort("a point is not on the curve");
    }
  },
  negate: negatePoint,
  isPoint: (bytes) => bytes.length === POINT_SIZE && libsecp256k1.publicKeyVerify(bytes),
};

/** Where the library puts the coordinates of a product, which may be a secret: they are wiped after each use. */
const [x, y] = [new Uint8Array(32), new Uint8Array(32)];

/** Diffie–Hellman is the one constant-time multiplication that the library has: its "hash" gives the point as it is. */
function multiplyConstantTime(scalar: Uint8Array, point: Uint8Array): Uint8Array {
  try {
    const options = { hashfn: compress, xbuf: x, ybuf: y };
    return refusing(() => libsecp256k1.ecdh(assertSize(point), scalar, options, new Uint8Array(POINT_SIZE)));
  } finally {
    x.fill(0);
    y.fill(0);
  }
}

function compress(x: Uint8Array, y: Uint8Array): Uint8Array {
  const point = new Uint8Array(POINT_SIZE);
  point[0] = 2 | ((y[31] ?? 0) & 1);
  point.set(x, 1);
  return point;
}

/** The library also takes points of 65 bytes. */
function assertSize(point: Uint8Array): Uint8Array {
  if (point.length !== POINT_SIZE) throw new ProtocolAbort("a point has not 33 bytes");
  return point;
}

/** The library's errors are of inputs: a point that is none, a scalar that is zero or too large. */
function refusing<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ProtocolAbort) throw error;
    throw new ProtocolAbort("an operation on a point refused its input", { cause: error });
  }
}
