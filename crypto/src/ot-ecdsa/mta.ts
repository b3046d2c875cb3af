// "Multiplicative to additive": a sender with a and a receiver with b get α and β, α + β = a·b, from 384 transfers of
// random scalars. The receiver's bits hide b behind random weights χ.
import { bitAt, select } from "./bits.ts";
import { decodeBody, encodeArray, encodeOctets, octetsLimit, Writer } from "./codec.ts";
import { scalarAt } from "./ot-extension.ts";
import type { RunTools } from "./run-tools.ts";
import {
  negateScalar,
  randomBytes,
  randomScalar,
  reduce,
  SCALAR_SIZE,
  subtractScalars,
  toInteger,
  writeReduced,
} from "./scalar.ts";
import { SEED_SIZE, TranscriptRng } from "./transcript.ts";
import { wipe } from "./wipe.ts";

/** Transfers that one product takes. */
export const MTA_TRANSFERS = 384;
/** The most bytes of the sender's message. */
export const OFFER_LIMIT = 3 + MTA_TRANSFERS * (1 + 2 * octetsLimit(SCALAR_SIZE));
/** The most bytes of the receiver's message. */
export const REPLY_LIMIT = 1 + octetsLimit(SCALAR_SIZE) + octetsLimit(SEED_SIZE);

/** Items between two pauses. */
const STRIDE = 64;

/** What the sender sends, encoded, and the masks that it keeps: 384 scalars, one after the other. */
export interface Offer {
  readonly body: Uint8Array;
  readonly masks: Uint8Array;
}

/** What the receiver sends, encoded, and its share of the product. */
export interface Reply {
  readonly body: Uint8Array;
  readonly share: Uint8Array;
}

/** The sender's message: v0 + d + a and v1 + d − a for each transfer. The d are drawn as `purpose`. */
export async function offerFactor(
  tools: RunTools,
  purpose: string,
  v0: Uint8Array,
  v1: Uint8Array,
  factor: Uint8Array,
): Promise<Offer> {
  const masks = new Uint8Array(MTA_TRANSFERS * SCALAR_SIZE);
  const body = new Writer(OFFER_LIMIT);
  const sum = new Uint8Array(SCALAR_SIZE);
  const write = (value: bigint) => {
    writeReduced(value, sum);
    body.octets(sum);
  };
  const a = toInteger(factor);
  body.array(MTA_TRANSFERS);
  for (let i = 0; i < MTA_TRANSFERS; i++) {
    if (i % STRIDE === 0) await tools.pause();
    const mask = randomScalar(tools.random, purpose);
    masks.set(mask, i * SCALAR_SIZE);
    const d = toInteger(mask);
    body.array(2);
    write(toInteger(scalarAt(v0, i)) + d + a);
    write(toInteger(scalarAt(v1, i)) + d - a);
    mask.fill(0);
  }
  return { body: body.end(), masks };
}

/** The receiver's message and share. `v` and `choices` are of its 384 transfers; the seed is drawn as `purpose`. */
export async function replyToOffer(
  tools: RunTools,
  purpose: string,
  v: Uint8Array,
  choices: Uint8Array,
  factor: Uint8Array,
  offer: Uint8Array,
): Promise<Reply> {
  const pairs = decodeBody(offer, "a factor's offer", (reader) =>
    reader.items(MTA_TRANSFERS, () => {
      reader.array(2);
      return { zero: reader.scalar(), one: reader.scalar() };
    }),
  );
  const seed = randomBytes(tools.random, purpose, SEED_SIZE);
  const rng = TranscriptRng.seeded(seed);
  const weights = new SignedSum();
  let share = 0n;
  let first = 0n;
  for (const [i, { zero, one }] of pairs.entries()) {
    if (i % STRIDE === 0) await tools.pause();
    const bit = bitAt(choices, i);
    const chosen = select(bit, one, zero);
    const difference = toInteger(chosen) - toInteger(scalarAt(v, i));
    chosen.fill(0);
    if (i === 0) {
      first = difference;
      continue;
    }
    const weight = rng.scalar();
    weights.add(bit, weight);
    share += toInteger(weight) * difference;
  }
  const rest = subtractScalars(factor, weights.total());
  const opposite = negateScalar(rest);
  const firstWeight = select(bitAt(choices, 0), opposite, rest);
  wipe([rest, opposite]);
  share += toInteger(firstWeight) * first;
  return { body: encodeArray([encodeOctets(firstWeight), encodeOctets(seed)]), share: reduce(share) };
}

/** The sender's share, from its masks and the receiver's reply. Throws ProtocolAbort. */
export async function shareOfReply(
  tools: RunTools,
  masks: Uint8Array,
  reply: Uint8Array,
): Promise<Uint8Array> {
  const { firstWeight, seed } = decodeBody(reply, "the reply to a factor's offer", (reader) => {
    reader.array(2);
    return { firstWeight: reader.scalar(), seed: reader.octets(SEED_SIZE) };
  });
  const rng = TranscriptRng.seeded(seed);
  let sum = 0n;
  for (let i = 0; i < MTA_TRANSFERS; i++) {
    if (i % STRIDE === 0) await tools.pause();
    sum += toInteger(scalarAt(masks, i)) * toInteger(i === 0 ? firstWeight : rng.scalar());
  }
  return reduce(-sum);
}

/** Adds up scalars, or subtracts them where a secret bit says so, without a branch: up to 2^24 of them. */
class SignedSum {
  /** By the bytes' places, the highest first. */
  readonly #all = new Uint32Array(SCALAR_SIZE);
  readonly #subtracted = new Uint32Array(SCALAR_SIZE);

  add(subtract: number, scalar: Uint8Array): void {
    for (let i = 0; i < SCALAR_SIZE; i++) {
      const byte = scalar[i] ?? 0;
      this.#all[i] = (this.#all[i] ?? 0) + byte;
      this.#subtracted[i] = (this.#subtracted[i] ?? 0) + (byte & -subtract);
    }
  }

  /** The sum modulo n. Wipes itself. */
  total(): Uint8Array {
    const [all, subtracted] = [this.#all, this.#subtracted].map((words) =>
      words.reduce((sum, places) => (sum << 8n) + BigInt(places), 0n),
    );
    this.#all.fill(0);
    this.#subtracted.fill(0);
    return reduce((all ?? 0n) - 2n * (subtracted ?? 0n));
  }
}
