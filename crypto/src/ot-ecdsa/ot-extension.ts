// What makes random transfers of scalars from correlated ones (Keller, Orsini, Scholl): a check that the receiver made
// the same choices in all columns, and a hash of each row.
import { equalBytes } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { u32le } from "../length-prefixed.ts";
import { TRANSFERS } from "./base-ot.ts";
import { bitAt, xor, xorIf } from "./bits.ts";
import { FACTOR_SIZE, PRODUCT_SIZE, type Weights, weigh, weightsOf } from "./carryless.ts";
import { bitsLimit, decodeBody, encodeArray, encodeBits } from "./codec.ts";
import { COLUMN_SIZE, columnOf, ROW_SIZE, rowsOf } from "./correlated-ot.ts";
import type { RunTools } from "./run-tools.ts";
import { SCALAR_SIZE, toInteger, writeReduced } from "./scalar.ts";
import { SEED_SIZE, TranscriptRng } from "./transcript.ts";
import { wipe } from "./wipe.ts";

/** Transfers that come out of an extension. */
export const EXTENDED = 768;
/** The most bytes of the check's encoding. */
export const CHECK_LIMIT = 1 + bitsLimit(PRODUCT_SIZE) + 3 + TRANSFERS * bitsLimit(PRODUCT_SIZE);

const LABEL = utf8ToBytes("Random OT Extension Hash");
/** Rows between two pauses. */
const STRIDE = 64;

/** The sender's two scalars of each transfer, 32 bytes each, one after the other. */
export interface BothScalars {
  readonly v0: Uint8Array;
  readonly v1: Uint8Array;
}

/** The receiver's answer to the sender's seed: x̂ and the t̂_j, encoded. */
export async function answerCheck(
  tools: RunTools,
  seed: Uint8Array,
  choices: Uint8Array,
  t: Uint8Array,
): Promise<Uint8Array> {
  const weights = weightsOfSeed(seed);
  const sums = await weighColumns(tools, t, weights);
  const encoded = Array.from({ length: TRANSFERS }, (_, j) => encodeBits(sumAt(sums, j)));
  return encodeArray([encodeBits(weigh(choices, weights)), encodeArray(encoded)]);
}

/**
 * Whether the receiver's answer fits to q: then its choices were the same in all columns but with a chance of 2^-128 or so.
 * Takes the same time whatever δ is. Throws ProtocolAbort for what is no answer.
 */
export async function checkHolds(
  tools: RunTools,
  seed: Uint8Array,
  delta: Uint8Array,
  q: Uint8Array,
  answer: Uint8Array,
): Promise<boolean> {
  const { x, t } = decodeBody(answer, "the check of the OT extension", (reader) => {
    reader.array(2);
    const x = reader.bits(PRODUCT_SIZE);
    return { x, t: reader.items(TRANSFERS, () => reader.bits(PRODUCT_SIZE)) };
  });
  const ours = await weighColumns(tools, q, weightsOfSeed(seed));
  const theirs = concatBytes(...t);
  for (let j = 0; j < TRANSFERS; j++) {
    xorIf(bitAt(delta, j), sumAt(theirs, j), x);
  }
  const holds = equalBytes(ours, theirs);
  // Beside the answer they show δ.
  wipe([ours, theirs]);
  return holds;
}

/** The receiver's scalars, 768 of 32 bytes: that of the sender's v0 or v1 which the choice names. */
export async function chosenScalars(tools: RunTools, t: Uint8Array): Promise<Uint8Array> {
  const scalars = new Uint8Array(EXTENDED * SCALAR_SIZE);
  const rows = rowsOf(t);
  const hash = new RowHash();
  for (let i = 0; i < EXTENDED; i++) {
    if (i % STRIDE === 0) await tools.pause();
    hash.write(i, rows[i] ?? NO_ROW, scalarAt(scalars, i));
  }
  hash.wipe();
  for (const row of rows) row.fill(0);
  return scalars;
}

/** The sender's scalars. */
export async function bothScalars(tools: RunTools, q: Uint8Array, delta: Uint8Array): Promise<BothScalars> {
  const v0 = new Uint8Array(EXTENDED * SCALAR_SIZE);
  const v1 = new Uint8Array(EXTENDED * SCALAR_SIZE);
  const rows = rowsOf(q);
  const hash = new RowHash();
  for (let i = 0; i < EXTENDED; i++) {
    if (i % STRIDE === 0) await tools.pause();
    const row = rows[i] ?? NO_ROW;
    hash.write(i, row, scalarAt(v0, i));
    xor(row, delta);
    hash.write(i, row, scalarAt(v1, i));
  }
  hash.wipe();
  for (const row of rows) row.fill(0);
  return { v0, v1 };
}

const NO_ROW = new Uint8Array(0);

/** The i-th of scalars that lie one after the other: a view. */
export function scalarAt(scalars: Uint8Array, i: number): Uint8Array {
  return scalars.subarray(i * SCALAR_SIZE, (i + 1) * SCALAR_SIZE);
}

/** Makes scalars of rows, uniform: 64 bytes of the generator that a row's hash seeds, modulo n. */
export class RowHash {
  /** What all rows' hashes begin with, and one that goes on from there: making one anew would cost as much as hashing. */
  readonly #begun = sha256.create().update(LABEL);
  readonly #hash = this.#begun.clone();
  readonly #preimage = new Uint8Array(8 + ROW_SIZE);
  readonly #seed = new Uint8Array(SEED_SIZE);
  readonly #rng = TranscriptRng.seeded(new Uint8Array(SEED_SIZE));
  readonly #wide = new Uint8Array(2 * SCALAR_SIZE);

  /** Writes the scalar of a row of 16 bytes and its index, below 2^32, into `target`. */
  write(index: number, row: Uint8Array, target: Uint8Array): void {
    this.#preimage.set(u32le(index));
    this.#preimage.set(row, 8);
    this.#begun._cloneInto(this.#hash).update(this.#preimage).digestInto(this.#seed);
    this.#rng.reseed(this.#seed);
    writeReduced(toInteger(this.#rng.fill(this.#wide)), target);
  }

  wipe(): void {
    this.#hash.destroy();
    this.#preimage.fill(0);
    this.#seed.fill(0);
    this.#rng.wipe();
    this.#wide.fill(0);
  }
}

/** Eight weights of 16 bytes, of two 64-bit words each. */
function weightsOfSeed(seed: Uint8Array): Weights {
  const rng = TranscriptRng.seeded(seed);
  const words = Array.from({ length: COLUMN_SIZE / 8 }, () => rng.fill(new Uint8Array(FACTOR_SIZE / 2)));
  return weightsOf(concatBytes(...words));
}

/** The sum of each column, 32 bytes each, one after the other. */
async function weighColumns(tools: RunTools, matrix: Uint8Array, weights: Weights): Promise<Uint8Array> {
  const sums = new Uint8Array(TRANSFERS * PRODUCT_SIZE);
  for (let j = 0; j < TRANSFERS; j++) {
    if (j % STRIDE === 0) await tools.pause();
    sums.set(weigh(columnOf(matrix, j), weights), j * PRODUCT_SIZE);
  }
  return sums;
}

function sumAt(sums: Uint8Array, j: number): Uint8Array {
  return sums.subarray(j * PRODUCT_SIZE, (j + 1) * PRODUCT_SIZE);
}
