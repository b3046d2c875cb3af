import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { libsecp256k1Points } from "./libsecp256k1-points.ts";
import { noblePoints } from "./noble-points.ts";
import type { PointBackend } from "./point-backend.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { addScalars, multiplyScalars, negateScalar, ORDER, randomScalar, reduce } from "./scalar.ts";
import { random } from "./test-tools.ts";

const BACKENDS: Readonly<Record<string, PointBackend>> = {
  noble: noblePoints,
  libsecp256k1: libsecp256k1Points,
};
const G = secp256k1.Point.BASE.toBytes(true);
const one = reduce(1n);
const scalar = () => randomScalar(random, "test");

const BAD_POINTS: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(0),
  "32 bytes": G.slice(1),
  "34 bytes": Uint8Array.of(...G, 0),
  "65 bytes, uncompressed": secp256k1.Point.BASE.toBytes(false),
  "the identity": new Uint8Array(33),
  "one byte for the identity": new Uint8Array(1),
  "a prefix of 04": Uint8Array.of(4, ...G.slice(1)),
  "a prefix of 06": Uint8Array.of(6, ...G.slice(1)),
  "an x that no point has": hexToBytes(`02${"00".repeat(31)}05`),
  "an x of p": hexToBytes("02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"),
  "an x above p": hexToBytes("02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30"),
  "x = 0": hexToBytes(`02${"00".repeat(32)}`),
  "all ones": new Uint8Array(33).fill(255),
};

const BAD_SCALARS: Readonly<Record<string, Uint8Array>> = {
  zero: new Uint8Array(32),
  n: hexToBytes(ORDER.toString(16)),
  "all ones": new Uint8Array(32).fill(255),
  "31 bytes": new Uint8Array(31).fill(1),
  "33 bytes": new Uint8Array(33).fill(1),
};

describe.each(Object.entries(BACKENDS))("points by %s", (_, points) => {
  it("of known scalars are the known ones", () => {
    expect(points.multiplyBase(one)).toEqual(G);
    expect(points.multiply(one, G)).toEqual(G);
    expect(bytesToHex(points.multiplyBase(reduce(2n)))).toBe(
      "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
    );
    expect(points.multiplyBase(reduce(-1n))).toEqual(points.negate(G));
    expect(points.multiply(reduce(-1n), G)).toEqual(points.negate(G));
    expect(points.multiplyPublic(reduce(-1n), G)).toEqual(points.negate(G));
  });

  it("follow the laws of a group", () => {
    for (let i = 0; i < 10; i++) {
      const [a, b] = [scalar(), scalar()];
      const [aG, bG] = [points.multiplyBase(a), points.multiplyBase(b)];
      expect(points.multiply(a, bG)).toEqual(points.multiplyBase(multiplyScalars(a, b)));
      expect(points.multiplyPublic(a, bG)).toEqual(points.multiply(b, aG));
      expect(points.add(aG, bG)).toEqual(points.multiplyBase(addScalars(a, b)));
      expect(points.add(aG, bG, aG)).toEqual(points.multiplyBase(addScalars(a, b, a)));
      expect(points.add(aG)).toEqual(aG);
      expect(points.negate(aG)).toEqual(points.multiplyBase(negateScalar(a)));
      expect(points.add(aG, points.negate(aG), bG)).toEqual(bG);
    }
  });

  it("that cancel each other out have no sum", () => {
    const P = points.multiplyBase(scalar());
    expect(points.add(P, points.negate(P))).toBeUndefined();
    expect(points.add()).toBeUndefined();
  });

  it("leave their inputs as they are", () => {
    const [k, P] = [scalar(), points.multiplyBase(scalar())];
    const before = [k.slice(), P.slice()];
    points.multiplyBase(k);
    points.multiply(k, P);
    points.multiplyPublic(k, P);
    points.add(P, P);
    points.negate(P);
    expect([k, P]).toEqual(before);
  });

  it("do not share memory with those before", () => {
    const [k, P] = [scalar(), points.multiplyBase(scalar())];
    const first = points.multiply(k, P);
    const kept = first.slice();
    points.multiply(scalar(), P);
    expect(first).toEqual(kept);
  });

  it.each(Object.entries(BAD_POINTS))("are refused: %s", (_, bad) => {
    for (let again = 0; again < 2; again++) {
      expect(points.isPoint(bad)).toBe(false);
      expect(() => points.multiply(one, bad)).toThrow(ProtocolAbort);
      expect(() => points.multiplyPublic(one, bad)).toThrow(ProtocolAbort);
      expect(() => points.add(bad)).toThrow(ProtocolAbort);
      expect(() => points.add(G, bad)).toThrow(ProtocolAbort);
    }
  });

  it.each(Object.entries(BAD_SCALARS))("are not multiplied by %s", (_, bad) => {
    expect(() => points.multiplyBase(bad)).toThrow(ProtocolAbort);
    expect(() => points.multiply(bad, G)).toThrow(ProtocolAbort);
    expect(() => points.multiplyPublic(bad, G)).toThrow(ProtocolAbort);
  });
});

describe("both backends", () => {
  it("give the same points", () => {
    for (let i = 0; i < 20; i++) {
      const [k, P] = [scalar(), noblePoints.multiplyBase(scalar())];
      expect(libsecp256k1Points.multiplyBase(k)).toEqual(noblePoints.multiplyBase(k));
      expect(libsecp256k1Points.multiply(k, P)).toEqual(noblePoints.multiply(k, P));
    }
  });
});
