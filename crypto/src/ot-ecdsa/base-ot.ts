// 128 random oblivious transfers of 16-byte keys, batched after Chou and Orlandi ("simplest OT"). The one who begins has
// both keys of each; the other has one, as its choice bit says.
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { u32le } from "../length-prefixed.ts";
import { bitAt, select } from "./bits.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import type { RunTools } from "./run-tools.ts";
import { randomScalar } from "./scalar.ts";
import { wipe } from "./wipe.ts";

/** Transfers of a run: the security parameter κ. */
export const TRANSFERS = 128;
/** Bytes of a key. */
export const KEY_SIZE = 16;

const LABEL = utf8ToBytes("Near threshold signatures batch ROT");
/** Items between two pauses. */
const STRIDE = 32;

/** What the side with one key of each transfer has: the points that it sends, and its keys, one after the other. */
export interface Chosen {
  readonly points: Uint8Array[];
  readonly keys: Uint8Array;
}

/** Both keys of each transfer. */
export interface BothKeys {
  readonly keys0: Uint8Array;
  readonly keys1: Uint8Array;
}

/** Answers the beginner's point Y with X_j = x_j·G + δ_j·Y. `choices` are 128 bits; the x_j are drawn as `purpose`. */
export async function choose(
  tools: RunTools,
  purpose: string,
  choices: Uint8Array,
  peerPoint: Uint8Array,
): Promise<Chosen> {
  const keys = new Uint8Array(TRANSFERS * KEY_SIZE);
  const points: Uint8Array[] = [];
  for (let j = 0; j < TRANSFERS; j++) {
    if (j % STRIDE === 0) await tools.pause();
    const x = randomScalar(tools.random, purpose);
    const plain = tools.points.multiplyBase(x);
    const moved = sum(tools, plain, peerPoint);
    const point = select(bitAt(choices, j), moved, plain);
    const shared = tools.points.multiply(x, peerPoint);
    points.push(point);
    keys.set(keyOf(j, point, peerPoint, shared), j * KEY_SIZE);
    wipe([x, plain, moved, shared]);
  }
  return { points, keys };
}

/** Both keys of each transfer, from the secret y, its point Y and the 128 points of the other side. */
export async function bothKeys(
  tools: RunTools,
  y: Uint8Array,
  ownPoint: Uint8Array,
  peerPoints: readonly Uint8Array[],
): Promise<BothKeys> {
  const keys0 = new Uint8Array(TRANSFERS * KEY_SIZE);
  const keys1 = new Uint8Array(TRANSFERS * KEY_SIZE);
  const back = tools.points.negate(tools.points.multiply(y, ownPoint));
  for (const [j, point] of peerPoints.entries()) {
    if (j % STRIDE === 0) await tools.pause();
    const shared = tools.points.multiply(y, point);
    const other = sum(tools, shared, back);
    keys0.set(keyOf(j, point, ownPoint, shared), j * KEY_SIZE);
    keys1.set(keyOf(j, point, ownPoint, other), j * KEY_SIZE);
    wipe([shared, other]);
  }
  wipe(back);
  return { keys0, keys1 };
}

/** The sum of two points. Chance makes it the identity never, a peer might. */
function sum({ points }: RunTools, a: Uint8Array, b: Uint8Array): Uint8Array {
  const total = points.add(a, b);
  if (total === undefined) throw new ProtocolAbort("a base transfer meets the identity");
  return total;
}

function keyOf(index: number, x: Uint8Array, y: Uint8Array, shared: Uint8Array): Uint8Array {
  const preimage = concatBytes(LABEL, u32le(index), new Uint8Array(4), x, y, shared);
  const hash = sha256(preimage);
  preimage.fill(0);
  return hash.subarray(0, KEY_SIZE);
}
