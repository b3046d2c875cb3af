import { secp256k1 } from "@noble/curves/secp256k1.js";
import { randomBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { noblePoints } from "./noble-points.ts";
import type { Proof } from "./proofs.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { reduce } from "./scalar.ts";
import {
  decodeOpenings,
  drawContributions,
  encodeOpenings,
  openingsLimit,
  pointAt,
  sumOf,
  valueAt,
} from "./triple-openings.ts";

const tools = {
  points: noblePoints,
  random: (purpose: string, size: number) =>
    purpose === "commit.randomizer" ? randomBytes(size) : secp256k1.utils.randomSecretKey(),
  pause: async () => {},
};
const highest = reduce(-1n);
const proof: Proof = { e: highest, s: highest };
const proofs = [
  { e: proof, f: proof },
  { e: proof, f: proof },
];
const contributions = drawContributions(tools, 2);
const openings = contributions.map((one) => one.openings);
const commitments = contributions.map((one) => one.commitment);
const [first, second] = openings;
if (first === undefined || second === undefined) throw new Error("there are two");

describe("openings", () => {
  it("are read as they were written, and fit into their limit", () => {
    const body = encodeOpenings(openings, proofs);
    expect(body.length).toBeLessThanOrEqual(openingsLimit(2));
    const read = decodeOpenings(noblePoints, body, commitments);
    expect(read).toEqual(openings.map((one) => ({ openings: one, proofs: { e: proof, f: proof } })));
  });

  it.each<[string, typeof openings]>([
    ["another randomizer", [{ ...first, randomizer: second.randomizer }, second]],
    ["another e", [{ ...first, e: second.e }, second]],
    ["another f", [{ ...first, f: first.e }, second]],
    ["another l", [first, { ...second, lSlope: first.lSlope }]],
    ["e and f exchanged", [{ ...first, e: first.f, f: first.e }, second]],
    ["the triples exchanged", [second, first]],
  ])("with %s do not open the commitments", (_, others) => {
    const body = encodeOpenings(others, proofs);
    expect(() => decodeOpenings(noblePoints, body, commitments)).toThrow("do not open");
  });

  it("of one triple, or of three, are not those of two", () => {
    const [one] = proofs;
    if (one === undefined) throw new Error("there are proofs");
    const none = () => decodeOpenings(noblePoints, encodeOpenings([first], [one]), commitments);
    expect(none).toThrow(ProtocolAbort);
    const three = encodeOpenings([first, second, second], [one, one, one]);
    expect(() => decodeOpenings(noblePoints, three, commitments)).toThrow(ProtocolAbort);
  });
});

describe("a line", () => {
  it("has the same values as scalars and as points", () => {
    const x = reduce(3n);
    for (const { secrets, openings: points } of contributions) {
      const value = valueAt(x, secrets.e);
      expect(noblePoints.multiplyBase(value)).toEqual(pointAt(noblePoints, x, points.e));
    }
  });

  it("of points that cancel out is refused", () => {
    expect(() => sumOf(noblePoints, first.e.constant, noblePoints.negate(first.e.constant))).toThrow(
      ProtocolAbort,
    );
  });
});
