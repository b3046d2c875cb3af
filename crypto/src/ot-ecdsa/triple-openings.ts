// What a party brings to a triple: lines that it draws, a commitment to their points, and what opens it.
import {
  decodeBody,
  encodeArray,
  encodeOctets,
  encodeOctetsArray,
  octetsLimit,
  POINT_SIZE,
  type Reader,
} from "./codec.ts";
import { commitTo, opens, RANDOMIZER_SIZE } from "./commitment.ts";
import type { PointBackend } from "./point-backend.ts";
import type { Proof } from "./proofs.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { rows } from "./rows.ts";
import type { RunTools } from "./run-tools.ts";
import { addScalars, multiplyScalars, randomBytes, randomScalar, SCALAR_SIZE } from "./scalar.ts";
import { wipe } from "./wipe.ts";

/** constant + slope·x: scalars, or points. */
export interface Line {
  readonly constant: Uint8Array;
  readonly slope: Uint8Array;
}

/** What a party draws for a triple; secret. The constant of its l comes with the multiplication. */
export interface Secrets {
  readonly e: Line;
  readonly f: Line;
  readonly lSlope: Uint8Array;
}

/** The secrets times G, and what the commitment was made with. */
export interface Openings extends Secrets {
  /** 32 bytes. */
  readonly randomizer: Uint8Array;
}

/** A party's part in one triple. */
export interface Contribution {
  readonly secrets: Secrets;
  readonly openings: Openings;
  /** To the openings, 32 bytes. */
  readonly commitment: Uint8Array;
}

/** That the party knows the constants of its e and f. */
export interface ConstantProofs {
  readonly e: Proof;
  readonly f: Proof;
}

/** The most bytes that a proof takes. */
export const PROOF_LIMIT = 1 + 2 * octetsLimit(SCALAR_SIZE);

/** Draws the contributions to `count` triples. */
export function drawContributions({ points, random }: RunTools, count: number): Contribution[] {
  const drawLine = (purpose: string): Line => ({
    constant: randomScalar(random, purpose),
    slope: randomScalar(random, purpose),
  });
  const timesG = ({ constant, slope }: Line): Line => ({
    constant: points.multiplyBase(constant),
    slope: points.multiplyBase(slope),
  });
  return Array.from({ length: count }, () => {
    const secrets = { e: drawLine("e"), f: drawLine("f"), lSlope: randomScalar(random, "l") };
    const openings = {
      e: timesG(secrets.e),
      f: timesG(secrets.f),
      lSlope: points.multiplyBase(secrets.lSlope),
      randomizer: randomBytes(random, "commit.randomizer", RANDOMIZER_SIZE),
    };
    return { secrets, openings, commitment: commitTo(committed(openings), openings.randomizer) };
  });
}

/** The value of a line of scalars. */
export function valueAt(x: Uint8Array, { constant, slope }: Line): Uint8Array {
  const term = multiplyScalars(slope, x);
  const value = addScalars(constant, term);
  wipe(term);
  return value;
}

/** The value of a line of points. Throws ProtocolAbort for the identity. */
export function pointAt(points: PointBackend, x: Uint8Array, { constant, slope }: Line): Uint8Array {
  return sumOf(points, constant, points.multiplyPublic(x, slope));
}

/** Throws ProtocolAbort for the identity, which no honest run meets. */
export function sumOf(points: PointBackend, ...terms: Uint8Array[]): Uint8Array {
  const sum = points.add(...terms);
  if (sum === undefined) throw new ProtocolAbort("points cancel out");
  return sum;
}

/** The body that opens the commitments. */
export function encodeOpenings(openings: readonly Openings[], proofs: readonly ConstantProofs[]): Uint8Array {
  return encodeArray([
    encodeArray(openings.map(({ e }) => encodeLine(e))),
    encodeArray(openings.map(({ f }) => encodeLine(f))),
    encodeArray(openings.map(({ lSlope }) => encodeOctetsArray([lSlope]))),
    encodeOctetsArray(openings.map(({ randomizer }) => randomizer)),
    encodeArray(proofs.map(({ e }) => encodeProof(e))),
    encodeArray(proofs.map(({ f }) => encodeProof(f))),
  ]);
}

/** The most bytes that it takes for `count` triples, at most 15. */
export function openingsLimit(count: number): number {
  const point = octetsLimit(POINT_SIZE);
  const lines = 2 * (1 + 2 * point) + (1 + point);
  return 1 + 6 + count * (lines + octetsLimit(RANDOMIZER_SIZE) + 2 * PROOF_LIMIT);
}

/** The peer's openings, which open its commitments. The proofs are still to be verified. Throws ProtocolAbort. */
export function decodeOpenings(
  points: PointBackend,
  body: Uint8Array,
  commitments: readonly Uint8Array[],
): { openings: Openings; proofs: ConstantProofs }[] {
  const count = commitments.length;
  const read = decodeBody(body, "the openings", (reader) => {
    const line = (): Line => {
      reader.array(2);
      return { constant: reader.point(points), slope: reader.point(points) };
    };
    const onlySlope = () => {
      reader.array(1);
      return reader.point(points);
    };
    reader.array(6);
    return rows(
      reader.items(count, line),
      reader.items(count, line),
      reader.items(count, onlySlope),
      reader.items(count, () => reader.octets(RANDOMIZER_SIZE)),
      reader.items(count, () => readProof(reader)),
      reader.items(count, () => readProof(reader)),
    );
  });
  return rows(read, commitments).map(([[e, f, lSlope, randomizer, eProof, fProof], commitment]) => {
    const openings = { e, f, lSlope, randomizer };
    if (!opens(commitment, committed(openings), randomizer)) {
      throw new ProtocolAbort("the openings do not open the commitment");
    }
    return { openings, proofs: { e: eProof, f: fProof } };
  });
}

export function encodeProof({ e, s }: Proof): Uint8Array {
  return encodeArray([encodeOctets(e), encodeOctets(s)]);
}

export function readProof(reader: Reader): Proof {
  reader.array(2);
  return { e: reader.scalar(), s: reader.scalar() };
}

/** What a commitment is to. */
function committed({ e, f, lSlope }: Secrets): Uint8Array {
  return encodeArray([encodeLine(e), encodeLine(f), encodeOctetsArray([lSlope])]);
}

function encodeLine({ constant, slope }: Line): Uint8Array {
  return encodeOctetsArray([constant, slope]);
}
