import { hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { noblePoints } from "./noble-points.ts";
import { type EqualLogs, proveEqualLogs, proveLog, verifyEqualLogs, verifyLog } from "./proofs.ts";
import { multiplyScalars, randomScalar, reduce } from "./scalar.ts";
import { flipped, random, tools } from "./test-tools.ts";
import { Transcript } from "./transcript.ts";

const { points } = tools;
const fork = (id = 1) => Transcript.begin("protocol").fork("party", Uint8Array.of(id));
const X = hexToBytes("FC9A011DF3753BD79D841C11F6521F25AD2AB1DECEB96B7E8C28D87EA3303A06");
const ZERO = new Uint8Array(32);

describe("the reference library's proofs", () => {
  it("of a logarithm hold", () => {
    const proof = {
      e: hexToBytes("BA7718DDF60BC62FC6081B658322E908CD4FF161AB754748EC170CBC66898CDB"),
      s: hexToBytes("5086B275DC32C8CD1AAD377918E0B622BAF92844BDC46808BD5568D6E304DB33"),
    };
    for (const backend of [points, noblePoints]) {
      expect(verifyLog(backend, fork(), backend.multiplyBase(X), proof)).toBe(true);
      expect(verifyLog(backend, fork(2), backend.multiplyBase(X), proof)).toBe(false);
    }
  });

  it("of equal logarithms hold", () => {
    const proof = {
      e: hexToBytes("95B6C33214488D2F0429129E9AF2CB2943F9F064421BB270918CFA412CB680E2"),
      s: hexToBytes("067B14308E1E96A782791C10179F1801B6764037141CBA0462A4D495EB78B2D0"),
    };
    const xG = points.multiplyBase(X);
    const statement = { public0: xG, generator1: xG, public1: points.multiply(X, xG) };
    for (const backend of [points, noblePoints]) {
      expect(verifyEqualLogs(backend, fork(), statement, proof)).toBe(true);
      expect(verifyEqualLogs(backend, fork(2), statement, proof)).toBe(false);
    }
  });
});

describe("a proof of a logarithm", () => {
  const x = randomScalar(random, "x");
  const statement = points.multiplyBase(x);
  const proof = proveLog(tools, fork(), "dlog0.nonce", x, statement);

  it("holds for its statement and transcript, and for no other", () => {
    expect(verifyLog(points, fork(), statement, proof)).toBe(true);
    expect(verifyLog(points, fork(2), statement, proof)).toBe(false);
    expect(verifyLog(points, fork(), points.negate(statement), proof)).toBe(false);
    expect(verifyLog(points, fork(), points.multiplyBase(reduce(1n)), proof)).toBe(false);
  });

  it("does not hold with a bit changed, or a part that is zero", () => {
    for (let bit = 8; bit < 256; bit += 31) {
      expect(verifyLog(points, fork(), statement, { ...proof, e: flipped(proof.e, bit) })).toBe(false);
      expect(verifyLog(points, fork(), statement, { ...proof, s: flipped(proof.s, bit) })).toBe(false);
    }
    expect(verifyLog(points, fork(), statement, { ...proof, e: ZERO })).toBe(false);
    expect(verifyLog(points, fork(), statement, { ...proof, s: ZERO })).toBe(false);
    // s·G = e·X: the commitment would be the identity.
    const s = multiplyScalars(proof.e, x);
    expect(verifyLog(points, fork(), statement, { e: proof.e, s })).toBe(false);
  });

  it("of another secret does not hold", () => {
    const other = proveLog(tools, fork(), "dlog0.nonce", randomScalar(random, "y"), statement);
    expect(verifyLog(points, fork(), statement, other)).toBe(false);
  });

  it("takes its nonce by purpose, and wipes it", () => {
    const given: Uint8Array[] = [];
    const watched = {
      ...tools,
      random: (purpose: string, size: number) => {
        expect(purpose).toBe("dlog2.nonce");
        const bytes = random(purpose, size);
        given.push(bytes);
        return bytes;
      },
    };
    proveLog(watched, fork(), "dlog2.nonce", x, statement);
    expect(given).toEqual([ZERO]);
  });
});

describe("a proof of equal logarithms", () => {
  const x = randomScalar(random, "x");
  const generator1 = points.multiplyBase(randomScalar(random, "g"));
  const statement: EqualLogs = {
    public0: points.multiplyBase(x),
    generator1,
    public1: points.multiply(x, generator1),
  };
  const proof = proveEqualLogs(tools, fork(), "dlogeq0.nonce", x, statement);

  it("holds for its statement and transcript, and for no other", () => {
    expect(verifyEqualLogs(points, fork(), statement, proof)).toBe(true);
    expect(verifyEqualLogs(points, fork(2), statement, proof)).toBe(false);
    for (const name of ["public0", "generator1", "public1"] as const) {
      const changed = { ...statement, [name]: points.negate(statement[name]) };
      expect(verifyEqualLogs(points, fork(), changed, proof)).toBe(false);
    }
  });

  it("does not hold with a bit changed, or a part that is zero", () => {
    for (let bit = 8; bit < 256; bit += 31) {
      expect(verifyEqualLogs(points, fork(), statement, { ...proof, e: flipped(proof.e, bit) })).toBe(false);
      expect(verifyEqualLogs(points, fork(), statement, { ...proof, s: flipped(proof.s, bit) })).toBe(false);
    }
    expect(verifyEqualLogs(points, fork(), statement, { ...proof, e: ZERO })).toBe(false);
    expect(verifyEqualLogs(points, fork(), statement, { ...proof, s: ZERO })).toBe(false);
  });

  it("cannot be made for logarithms that differ", () => {
    const lie = { ...statement, public1: points.multiplyBase(x) };
    const made = proveEqualLogs(tools, fork(), "dlogeq0.nonce", x, lie);
    expect(verifyEqualLogs(points, fork(), lie, made)).toBe(false);
  });
});
