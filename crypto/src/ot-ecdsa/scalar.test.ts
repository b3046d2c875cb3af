import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { ProtocolAbort } from "./protocol-abort.ts";
import {
  addScalars,
  isScalar,
  isZero,
  multiplyScalars,
  negateScalar,
  ORDER,
  randomBytes,
  randomScalar,
  reduce,
  subtractScalars,
  toInteger,
} from "./scalar.ts";
import { random } from "./test-tools.ts";

const { Fn } = secp256k1.Point;
const ORDER_BYTES = hexToBytes(ORDER.toString(16));

describe("scalars", () => {
  it("compute as noble's field does", () => {
    for (let i = 0; i < 200; i++) {
      const [a, b, c] = [0, 1, 2].map(() => randomScalar(random, "a")) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const [x, y, z] = [a, b, c].map((one) => Fn.fromBytes(one)) as [bigint, bigint, bigint];
      expect(addScalars(a, b, c)).toEqual(Fn.toBytes(Fn.add(Fn.add(x, y), z)));
      expect(subtractScalars(a, b)).toEqual(Fn.toBytes(Fn.sub(x, y)));
      expect(multiplyScalars(a, b, c)).toEqual(Fn.toBytes(Fn.mul(Fn.mul(x, y), z)));
      expect(negateScalar(a)).toEqual(Fn.toBytes(Fn.neg(x)));
      expect(toInteger(a)).toBe(x);
    }
  });

  it("come out below n, whatever goes in", () => {
    expect(isZero(reduce(0n))).toBe(true);
    expect(isZero(reduce(ORDER))).toBe(true);
    expect(isZero(reduce(-ORDER))).toBe(true);
    expect(toInteger(reduce(-1n))).toBe(ORDER - 1n);
    expect(toInteger(reduce(2n ** 512n - 1n))).toBe((2n ** 512n - 1n) % ORDER);
    expect(toInteger(reduce(-(2n ** 520n)))).toBe(ORDER - (2n ** 520n % ORDER));
    expect(isZero(negateScalar(new Uint8Array(32)))).toBe(true);
    expect(isZero(addScalars())).toBe(true);
  });

  it.each([
    ["zero", new Uint8Array(32), true],
    ["n − 1", reduce(-1n), true],
    ["n", ORDER_BYTES, false],
    ["all ones", new Uint8Array(32).fill(255), false],
    ["31 bytes", new Uint8Array(31), false],
    ["33 bytes", new Uint8Array(33), false],
    ["nothing", new Uint8Array(0), false],
  ])("of %s: %#", (_, bytes, verdict) => {
    expect(isScalar(bytes)).toBe(verdict);
  });

  it("zero is seen in every byte", () => {
    for (let i = 0; i < 32; i++) {
      const bytes = new Uint8Array(32);
      bytes[i] = 0x10;
      expect(isZero(bytes)).toBe(false);
    }
  });
});

describe("a wide integer", () => {
  it("is read from 64 bytes", () => {
    const wide = random("", 64);
    expect(toInteger(wide)).toBe(BigInt(`0x${bytesToHex(wide)}`));
  });
});

describe("randomness", () => {
  it.each([
    ["zero", () => new Uint8Array(32)],
    ["n", () => ORDER_BYTES.slice()],
    ["31 bytes", () => new Uint8Array(31).fill(1)],
    ["33 bytes", () => new Uint8Array(33).fill(1)],
  ])("that gives %s makes no scalar", (_, generator) => {
    expect(() => randomScalar(generator, "e")).toThrow(ProtocolAbort);
  });

  it("is asked for by purpose and size", () => {
    const asked: unknown[] = [];
    const generator = (purpose: string, size: number) => {
      asked.push([purpose, size]);
      return new Uint8Array(size).fill(1);
    };
    randomScalar(generator, "e");
    randomBytes(generator, "rote.b@00000000", 128);
    expect(asked).toEqual([
      ["e", 32],
      ["rote.b@00000000", 128],
    ]);
  });
});
