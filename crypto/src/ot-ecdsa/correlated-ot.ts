// 128 base transfers stretched to 1,024 correlated ones (Ishai, Kilian, Nissim, Petrank): t and q are bit matrices of 128
// columns, kept column by column, and row i of q is row i of t, ⊕ δ where the receiver's choice i is 1.
import { shake256 } from "@noble/hashes/sha3.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { KEY_SIZE, TRANSFERS } from "./base-ot.ts";
import { bitAt, transpose, xor, xorIf } from "./bits.ts";
import { bitsLimit, decodeBody, encodeArray, encodeBits } from "./codec.ts";

/** Rows: the transfers that an extension makes, with those that its check uses up. */
export const ROWS = 1_024;
/** Bytes of a column, and of the receiver's choices. */
export const COLUMN_SIZE = ROWS / 8;
/** Bytes of a row. */
export const ROW_SIZE = TRANSFERS / 8;
/** The most bytes of the corrections' encoding. */
export const CORRECTIONS_LIMIT = 3 + ROWS * bitsLimit(ROW_SIZE);

const LABEL = utf8ToBytes("Near threshold signatures correlated OT PRG");
const SID = utf8ToBytes("sid");
const ROW = utf8ToBytes("row");

/** The receiver's matrix t, and u, which the sender needs: 128 columns of 128 bytes, one after the other. */
export interface Stretched {
  readonly t: Uint8Array;
  readonly u: Uint8Array;
}

/** The receiver's side, who has both keys of each base transfer. `choices` are 1,024 bits. */
export function stretchBoth(
  sid: Uint8Array,
  keys0: Uint8Array,
  keys1: Uint8Array,
  choices: Uint8Array,
): Stretched {
  const t = stretch(sid, keys0);
  const u = stretch(sid, keys1);
  xor(u, t);
  for (let j = 0; j < TRANSFERS; j++) xor(columnOf(u, j), choices);
  return { t, u };
}

/** The sender's side: q, from one key of each base transfer, the bits δ that chose them, and the receiver's u. */
export function stretchChosen(
  sid: Uint8Array,
  keys: Uint8Array,
  delta: Uint8Array,
  u: Uint8Array,
): Uint8Array {
  const q = stretch(sid, keys);
  for (let j = 0; j < TRANSFERS; j++) xorIf(bitAt(delta, j), columnOf(q, j), columnOf(u, j));
  return q;
}

/** u goes over the wire row by row. */
export function encodeCorrections(u: Uint8Array): Uint8Array {
  return encodeArray(rowsOf(u).map(encodeBits));
}

/** u, column by column again. Throws ProtocolAbort. */
export function decodeCorrections(body: Uint8Array): Uint8Array {
  const rows = decodeBody(body, "u", (reader) => reader.items(ROWS, () => reader.bits(ROW_SIZE)));
  return transpose(concatBytes(...rows), ROW_SIZE);
}

/** Column `j` of a matrix: a view, not a copy. */
export function columnOf(matrix: Uint8Array, j: number): Uint8Array {
  return matrix.subarray(j * COLUMN_SIZE, (j + 1) * COLUMN_SIZE);
}

/** The rows of a matrix, 16 bytes each: views of one copy. */
export function rowsOf(matrix: Uint8Array): Uint8Array[] {
  const rows = transpose(matrix, COLUMN_SIZE);
  return Array.from({ length: ROWS }, (_, i) => rows.subarray(i * ROW_SIZE, (i + 1) * ROW_SIZE));
}

/** A column for each key. The key is in the hash: without it all columns would be the same and show the choices. */
export function stretch(sid: Uint8Array, keys: Uint8Array): Uint8Array {
  const matrix = new Uint8Array(TRANSFERS * COLUMN_SIZE);
  for (let j = 0; j < TRANSFERS; j++) {
    const key = keys.subarray(j * KEY_SIZE, (j + 1) * KEY_SIZE);
    const preimage = concatBytes(LABEL, SID, sid, ROW, key);
    matrix.set(shake256(preimage, { dkLen: COLUMN_SIZE }), j * COLUMN_SIZE);
    preimage.fill(0);
  }
  return matrix;
}
