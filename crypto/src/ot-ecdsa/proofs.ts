// Schnorr proofs by Fiat–Shamir over a transcript: knowledge of a discrete logarithm, and equality of two. All of these
// functions take a message into the transcript that they are given: give them a fork.
import { equalBytes } from "@noble/curves/utils.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { PointBackend } from "./point-backend.ts";
import type { RunTools } from "./run-tools.ts";
import { addScalars, isZero, multiplyScalars, negateScalar, randomScalar } from "./scalar.ts";
import type { Transcript } from "./transcript.ts";

/** Challenge and response, 32 bytes each. */
export interface Proof {
  readonly e: Uint8Array;
  readonly s: Uint8Array;
}

/** That one x makes public0 = x·G and public1 = x·generator1: three points. */
export interface EqualLogs {
  readonly public0: Uint8Array;
  readonly generator1: Uint8Array;
  readonly public1: Uint8Array;
}

/** Proves to know `secret`, which makes secret·G = statement. The nonce is drawn as `purpose`. */
export function proveLog(
  tools: RunTools,
  transcript: Transcript,
  purpose: string,
  secret: Uint8Array,
  statement: Uint8Array,
): Proof {
  const nonce = randomScalar(tools.random, purpose);
  const e = challengeOfLog(transcript, statement, tools.points.multiplyBase(nonce));
  return respond(e, nonce, secret);
}

/** Whether the proof of a logarithm holds. */
export function verifyLog(
  points: PointBackend,
  transcript: Transcript,
  statement: Uint8Array,
  proof: Proof,
): boolean {
  if (isZero(proof.e) || isZero(proof.s)) return false;
  const commitment = points.add(points.multiplyBase(proof.s), minus(points, proof.e, statement));
  if (commitment === undefined) return false;
  return equalBytes(challengeOfLog(transcript, statement, commitment), proof.e);
}

/** Proves that `secret` makes both points of the statement. The nonce is drawn as `purpose`. */
export function proveEqualLogs(
  tools: RunTools,
  transcript: Transcript,
  purpose: string,
  secret: Uint8Array,
  statement: EqualLogs,
): Proof {
  const nonce = randomScalar(tools.random, purpose);
  const commitment0 = tools.points.multiplyBase(nonce);
  const commitment1 = tools.points.multiply(nonce, statement.generator1);
  return respond(challengeOfEqualLogs(transcript, statement, commitment0, commitment1), nonce, secret);
}

/** Whether the proof of two equal logarithms holds. */
export function verifyEqualLogs(
  points: PointBackend,
  transcript: Transcript,
  statement: EqualLogs,
  proof: Proof,
): boolean {
  if (isZero(proof.e) || isZero(proof.s)) return false;
  const { public0, generator1, public1 } = statement;
  const commitment0 = points.add(points.multiplyBase(proof.s), minus(points, proof.e, public0));
  const commitment1 = points.add(points.multiplyPublic(proof.s, generator1), minus(points, proof.e, public1));
  if (commitment0 === undefined || commitment1 === undefined) return false;
  return equalBytes(challengeOfEqualLogs(transcript, statement, commitment0, commitment1), proof.e);
}

/** s = nonce + e·secret. Wipes the nonce. */
function respond(e: Uint8Array, nonce: Uint8Array, secret: Uint8Array): Proof {
  const product = multiplyScalars(e, secret);
  const s = addScalars(nonce, product);
  nonce.fill(0);
  product.fill(0);
  return { e, s };
}

/** −e·point */
function minus(points: PointBackend, e: Uint8Array, point: Uint8Array): Uint8Array {
  return points.multiplyPublic(negateScalar(e), point);
}

function challengeOfLog(transcript: Transcript, statement: Uint8Array, commitment: Uint8Array): Uint8Array {
  return transcript
    .message("dlog proof statement", labelled("statement:", "public:", statement))
    .message("dlog proof commitment", commitment)
    .challengeRng("dlog proof challenge")
    .nonzeroScalar();
}

function challengeOfEqualLogs(
  transcript: Transcript,
  { public0, generator1, public1 }: EqualLogs,
  commitment0: Uint8Array,
  commitment1: Uint8Array,
): Uint8Array {
  const statement = labelled(
    "statement:",
    "public 0:",
    public0,
    "generator 1:",
    generator1,
    "public 1:",
    public1,
  );
  return transcript
    .message("dlogeq proof statement", statement)
    .message("dlogeq proof commitment", labelled(commitment0, " and ", commitment1))
    .challengeRng("dlogeq proof challenge")
    .nonzeroScalar();
}

function labelled(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return concatBytes(...parts.map((part) => (typeof part === "string" ? utf8ToBytes(part) : part)));
}
