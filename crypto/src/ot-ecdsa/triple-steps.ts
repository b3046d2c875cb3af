// The steps of a triple, each with what it sends and how it reads what the peer sent. E, F and L are the sums of both sides'
// lines, A = E(0), B = F(0), C = A times the logarithm of B.
import { equalBytes } from "@noble/curves/utils.js";
import { u32le } from "../length-prefixed.ts";
import { decodeBody, encodeArray, encodeOctetsArray, encodeUint, octetsLimit, POINT_SIZE } from "./codec.ts";
import { hashOf } from "./commitment.ts";
import type { PointBackend } from "./point-backend.ts";
import { type Proof, proveEqualLogs, proveLog, verifyEqualLogs, verifyLog } from "./proofs.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { rows } from "./rows.ts";
import type { RunTools } from "./run-tools.ts";
import { addScalars, multiplyScalars, SCALAR_SIZE } from "./scalar.ts";
import { type Participant, PLACES } from "./shares.ts";
import { Transcript } from "./transcript.ts";
import {
  type Contribution,
  decodeOpenings,
  encodeOpenings,
  encodeProof,
  type Line,
  PROOF_LIMIT,
  pointAt,
  readProof,
  sumOf,
  valueAt,
} from "./triple-openings.ts";
import { wipe } from "./wipe.ts";

/** A side's share of a triple, and its public points. */
export interface TripleShare {
  /** 32 bytes each, secret. */
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly c: Uint8Array;
  /** 33 bytes each: the shared values times G. */
  readonly bigA: Uint8Array;
  readonly bigB: Uint8Array;
  readonly bigC: Uint8Array;
}

/** A triple whose lines are open. */
export interface OpenTriple {
  /** This side's shares, secret. */
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly bigA: Uint8Array;
  readonly bigB: Uint8Array;
  /** The slope of L. */
  readonly lSlope: Uint8Array;
  /** The constant of the peer's E. */
  readonly peerE: Uint8Array;
  /** The constant of this side's e, times B: its part of C. */
  readonly ownC: Uint8Array;
}

/** This side's l, now with its constant; secret but for `point`, which is the constant times G. */
export interface OwnL {
  readonly line: Line;
  readonly point: Uint8Array;
}

/** What every step needs. */
export interface Step extends RunTools {
  readonly participant: Participant;
  /** Of what both sides committed to. */
  readonly transcript: Transcript;
}

/** Bounds of the bodies, in bytes, for `count` triples, at most 15. */
export const scalarsLimit = (count: number): number => 1 + count * octetsLimit(SCALAR_SIZE);
export const productsLimit = (count: number): number =>
  1 + (1 + count * octetsLimit(POINT_SIZE)) + (1 + count * PROOF_LIMIT);

/** What both sides now know that both committed to, 32 bytes a triple: the multiplication's session id, too. */
export function confirm(
  participant: Participant,
  own: readonly Uint8Array[],
  peers: readonly Uint8Array[],
): Uint8Array[] {
  return rows(own, peers).map(([mine, peer]) => {
    const byParticipant = participant === 1 ? [mine, peer] : [peer, mine];
    return hashOf(encodeArray([encodeOctetsArray(byParticipant)]));
  });
}

/** The transcript that the proofs of all triples fork from. */
export function transcriptOf(confirmations: readonly Uint8Array[]): Transcript {
  const participants = encodeArray([encodeArray([encodeUint(1), encodeUint(2)])]);
  return Transcript.begin("Near threshold signatures triple generation")
    .message("group", "Secp256K1Sha256")
    .message("participants", participants)
    .message("threshold", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2))
    .message("confirmation", encodeOctetsArray(confirmations));
}

/** Opens the commitments, and proves that the constants are known. */
export function openingsBody(step: Step, own: readonly Contribution[]): Uint8Array {
  const proveConstant = (label: "dlog0" | "dlog1", constant: Uint8Array, statement: Uint8Array) =>
    proveLog(step, forked(step, label), `${label}.nonce`, constant, statement);
  const proofs = own.map(({ secrets, openings }) => ({
    e: proveConstant("dlog0", secrets.e.constant, openings.e.constant),
    f: proveConstant("dlog1", secrets.f.constant, openings.f.constant),
  }));
  const openings = own.map((one) => one.openings);
  return encodeOpenings(openings, proofs);
}

/** This side's e and f at the peer's place. */
export function valuesBody(participant: Participant, own: readonly Contribution[]): Uint8Array {
  const { x } = PLACES[PLACES[participant].peer];
  const at = (name: "e" | "f") => encodeOctetsArray(own.map(({ secrets }) => valueAt(x, secrets[name])));
  return encodeArray([at("e"), at("f")]);
}

/** Checks the peer's openings and values against its commitments. Throws ProtocolAbort. */
export function openTriples(
  step: Step,
  own: readonly Contribution[],
  peerCommitments: readonly Uint8Array[],
  bodies: { readonly openings: Uint8Array; readonly values: Uint8Array },
): OpenTriple[] {
  const { points, participant } = step;
  const { peer, x } = PLACES[participant];
  const opened = decodeOpenings(points, bodies.openings, peerCommitments);
  for (const { openings, proofs } of opened) {
    const holds = (label: "dlog0" | "dlog1", statement: Uint8Array, proof: Proof) =>
      verifyLog(points, forked(step, label, peer), statement, proof);
    if (!holds("dlog0", openings.e.constant, proofs.e) || !holds("dlog1", openings.f.constant, proofs.f)) {
      throw new ProtocolAbort("a proof of a constant does not hold");
    }
  }
  const [eValues, fValues] = decodeBody(bodies.values, "the values", (reader) => {
    reader.array(2);
    const scalars = () => reader.items(own.length, () => reader.scalar());
    return [scalars(), scalars()] as const;
  });
  return rows(own, opened, eValues, fValues).map(([{ secrets, openings }, { openings: peers }, e, f]) => {
    const sum = (name: "e" | "f"): Line => ({
      constant: sumOf(points, openings[name].constant, peers[name].constant),
      slope: sumOf(points, openings[name].slope, peers[name].slope),
    });
    const [bigE, bigF] = [sum("e"), sum("f")];
    return {
      a: shareOf(points, x, secrets.e, e, bigE),
      b: shareOf(points, x, secrets.f, f, bigF),
      bigA: bigE.constant,
      bigB: bigF.constant,
      lSlope: sumOf(points, openings.lSlope, peers.lSlope),
      peerE: peers.e.constant,
      ownC: points.multiply(secrets.e.constant, bigF.constant),
    };
  });
}

/** The sum of both lines at this side's place, which has to be on the line of points. */
function shareOf(
  points: PointBackend,
  x: Uint8Array,
  line: Line,
  peerValue: Uint8Array,
  bigLine: Line,
): Uint8Array {
  const own = valueAt(x, line);
  const share = addScalars(own, peerValue);
  wipe(own);
  if (!equalBytes(points.multiplyBase(share), pointAt(points, x, bigLine))) {
    throw new ProtocolAbort("a value is not on its line");
  }
  return share;
}

/** This side's parts of C, with proofs that they are made of the constants of e. */
export function productsBody(
  step: Step,
  own: readonly Contribution[],
  open: readonly OpenTriple[],
): Uint8Array {
  const proofs = rows(own, open).map(([{ secrets, openings }, { bigB, ownC }]) => {
    const statement = { public0: openings.e.constant, generator1: bigB, public1: ownC };
    return proveEqualLogs(step, forked(step, "dlogeq0"), "dlogeq0.nonce", secrets.e.constant, statement);
  });
  return pointsAndProofs(
    open.map(({ ownC }) => ownC),
    proofs,
  );
}

/** C of each triple. Throws ProtocolAbort when the peer's part is not made of its e. */
export function takeProducts(step: Step, open: readonly OpenTriple[], body: Uint8Array): Uint8Array[] {
  const { points, participant } = step;
  return rows(open, readPointsAndProofs(points, body, open.length)).map(([triple, [peerC, proof]]) => {
    const statement = { public0: triple.peerE, generator1: triple.bigB, public1: peerC };
    const transcript = forked(step, "dlogeq0", PLACES[participant].peer);
    if (!verifyEqualLogs(points, transcript, statement, proof)) {
      throw new ProtocolAbort("the proof of a product does not hold");
    }
    return sumOf(points, triple.ownC, peerC);
  });
}

/** This side's lines l, whose constants are its shares of the products: e·f of its own and the multiplication's outcome. */
export function ownLs(
  points: PointBackend,
  own: readonly Contribution[],
  products: readonly Uint8Array[],
): OwnL[] {
  return rows(own, products).map(([{ secrets }, product]) => {
    const square = multiplyScalars(secrets.e.constant, secrets.f.constant);
    const constant = addScalars(square, product);
    wipe(square);
    return { line: { constant, slope: secrets.lSlope }, point: points.multiplyBase(constant) };
  });
}

/** The constants times G, with proofs that they are known. */
export function constantsBody(step: Step, ls: readonly OwnL[]): Uint8Array {
  const proofs = ls.map(({ line, point }) =>
    proveLog(step, forked(step, "dlog2"), "dlog2.nonce", line.constant, point),
  );
  return pointsAndProofs(
    ls.map(({ point }) => point),
    proofs,
  );
}

/** This side's l at the peer's place. */
export function lValuesBody(participant: Participant, ls: readonly OwnL[]): Uint8Array {
  const { x } = PLACES[PLACES[participant].peer];
  return encodeOctetsArray(ls.map(({ line }) => valueAt(x, line)));
}

/** The triples. Throws ProtocolAbort when the multiplication's outcome is not C's, or a value is off its line. */
export function takeConstants(
  step: Step,
  open: readonly OpenTriple[],
  bigCs: readonly Uint8Array[],
  ls: readonly OwnL[],
  bodies: { readonly constants: Uint8Array; readonly values: Uint8Array },
): TripleShare[] {
  const { points, participant } = step;
  const { peer, x } = PLACES[participant];
  const constants = readPointsAndProofs(points, bodies.constants, open.length);
  const values = decodeBody(bodies.values, "the values of l", (reader) =>
    reader.items(open.length, () => reader.scalar()),
  );
  return rows(open, bigCs, ls, constants, values).map(([triple, bigC, l, [peerPoint, proof], value]) => {
    if (!verifyLog(points, forked(step, "dlog2", peer), peerPoint, proof)) {
      throw new ProtocolAbort("the proof of a share of c does not hold");
    }
    if (!equalBytes(sumOf(points, l.point, peerPoint), bigC)) {
      throw new ProtocolAbort("the multiplication gave another product");
    }
    const c = shareOf(points, x, l.line, value, { constant: bigC, slope: triple.lSlope });
    const { a, b, bigA, bigB } = triple;
    return { a: a.slice(), b: b.slice(), c, bigA, bigB, bigC };
  });
}

function forked({ transcript, participant }: Step, label: string, prover = participant): Transcript {
  return transcript.fork(label, u32le(prover));
}

function pointsAndProofs(ofPoints: readonly Uint8Array[], proofs: readonly Proof[]): Uint8Array {
  return encodeArray([encodeOctetsArray(ofPoints), encodeArray(proofs.map(encodeProof))]);
}

function readPointsAndProofs(points: PointBackend, body: Uint8Array, count: number) {
  return decodeBody(body, "points and their proofs", (reader) => {
    reader.array(2);
    return rows(
      reader.items(count, () => reader.point(points)),
      reader.items(count, () => readProof(reader)),
    );
  });
}
