import { secp256k1 } from "@noble/curves/secp256k1.js";
import { describe, expect, it } from "vitest";
import { curveOfParameters, publicKeyOfPoint } from "./curves.ts";

const hex = (text: string) => Buffer.from(text, "hex");

describe("CKA_EC_PARAMS", () => {
  it.each([
    ["06032b6570", "ed25519"],
    [Buffer.from("\x13\x0cedwards25519").toString("hex"), "ed25519"],
    ["06092b06010401da470f01", "ed25519"],
    ["06052b8104000a", "secp256k1"],
    // P-256, Curve25519, Ed448, and nothing.
    ["06082a8648ce3d030107", undefined],
    ["130a63757276653235353139", undefined],
    ["06032b6571", undefined],
    ["", undefined],
  ])("%s names %s", (parameters, curve) => {
    expect(curveOfParameters(hex(parameters))).toBe(curve);
  });
});

describe("CKA_EC_POINT", () => {
  const point = secp256k1.Point.BASE.toBytes(false);
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i);

  it("is read with its OCTET STRING around it and without", () => {
    for (const value of [point, Uint8Array.of(4, 65, ...point)]) {
      expect(publicKeyOfPoint("secp256k1", value)).toEqual({ type: "secp256k1", data: point.subarray(1) });
    }
    for (const value of [seed, Uint8Array.of(4, 32, ...seed)]) {
      expect(publicKeyOfPoint("ed25519", value)).toEqual({ type: "ed25519", data: seed });
    }
  });

  it("is refused where it is no point of the curve, or not whole", () => {
    const offCurve = Uint8Array.from(point, (byte, i) => (i === 64 ? byte ^ 1 : byte));
    expect(publicKeyOfPoint("secp256k1", offCurve)).toBeUndefined();
    expect(publicKeyOfPoint("secp256k1", secp256k1.Point.BASE.toBytes(true))).toBeUndefined();
    expect(publicKeyOfPoint("secp256k1", point.subarray(1))).toBeUndefined();
    expect(publicKeyOfPoint("ed25519", seed.subarray(1))).toBeUndefined();
    expect(publicKeyOfPoint("ed25519", Uint8Array.of(3, 32, ...seed))).toBeUndefined();
    expect(publicKeyOfPoint("ed25519", new Uint8Array())).toBeUndefined();
  });
});
