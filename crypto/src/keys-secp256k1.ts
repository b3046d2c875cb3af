// Keys of the scheme threshold-secp256k1-ecdsa-2p-v1, the sum of both sides' shares, and the encodings of secp256k1 (SEC 1,
// section 2.3): scalars of 32 bytes, big-endian; points of 33 bytes, compressed. One encoding each, nothing else.
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToNumberBE } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { base64urlnopad } from "@scure/base";
import { BadInput } from "./bad-input.ts";
import { Memo } from "./memo.ts";

export const SCHEME_ID = "threshold-secp256k1-ecdsa-2p-v1";

export const Point = secp256k1.Point;
export type Point = InstanceType<typeof secp256k1.Point>;
/** The scalars: integers modulo the group's order n. */
export const Fn = secp256k1.Point.Fn;

const NUL = Uint8Array.of(0);
const COMPRESSED_SIZE = 33;
/** Points that were decoded, which costs a square root: the same few come with each call. They are public. */
const decoded = new Memo<Point>(1_024);

/** The public point of a share, 33 bytes. Throws BadInput for a share that is zero or no canonical scalar. */
export function verifyingShare(share: Uint8Array): Uint8Array {
  return Point.BASE.multiply(readSecret(share, "a share")).toBytes();
}

/** The key X, 33 bytes, of both verifying shares. Throws BadInput. */
export function groupKey(clientVerifyingShare: Uint8Array, relayerVerifyingShare: Uint8Array): Uint8Array {
  const client = readPoint(clientVerifyingShare, "the client's verifying share");
  const relayer = readPoint(relayerVerifyingShare, "the relayer's verifying share");
  return writePoint(client.add(relayer), "the key");
}

/** The key's name in a network: base64url of SHA-256(scheme id ‖ 0 ‖ network ‖ 0 ‖ X). Throws BadInput. */
export function keyId(network: string, publicKey: Uint8Array): string {
  assertPoint(publicKey);
  if (network.includes("\0")) throw new BadInput("a network's name holds a NUL");
  const names = concatBytes(utf8ToBytes(SCHEME_ID), NUL, utf8ToBytes(network), NUL);
  return base64urlnopad.encode(sha256(concatBytes(names, publicKey)));
}

/** Refuses what is no compressed point of the curve with BadInput. */
export function assertPoint(bytes: Uint8Array): void {
  readPoint(bytes, "the point");
}

/** Reads a scalar: 32 bytes, big-endian, below n. Zero is a scalar. Throws BadInput. */
export function readScalar(bytes: Uint8Array, what: string): bigint {
  try {
    return Fn.fromBytes(bytes);
  } catch {
    throw new BadInput(`${what} is no canonical scalar of 32 bytes`);
  }
}

/** Reads a scalar that is a secret: zero would be none. Throws BadInput. */
export function readSecret(bytes: Uint8Array, what: string): bigint {
  const scalar = readScalar(bytes, what);
  if (Fn.is0(scalar)) throw new BadInput(`${what} is zero`);
  return scalar;
}

/** Reads a point: 33 bytes, on the curve; the identity has no such encoding. Throws BadInput. */
export function readPoint(bytes: Uint8Array, what: string): Point {
  if (bytes.length !== COMPRESSED_SIZE) {
    throw new BadInput(`${what} has ${bytes.length} bytes, not ${COMPRESSED_SIZE}`);
  }
  try {
    return decoded.get(bytesToHex(bytes), () => Point.fromBytes(bytes));
  } catch {
    throw new BadInput(`${what} is no point`);
  }
}

/** The encoding of a point. Throws BadInput for the identity, which has none. */
export function writePoint(point: Point, what: string): Uint8Array {
  if (point.is0()) throw new BadInput(`${what} is the identity`);
  return point.toBytes();
}

/** Uniform bytes as a scalar: big-endian, modulo n. Takes them: they are zero afterwards. */
export function reduceWide(bytes: Uint8Array): bigint {
  const scalar = Fn.create(bytesToNumberBE(bytes));
  bytes.fill(0);
  return scalar;
}
