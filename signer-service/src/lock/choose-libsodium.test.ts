import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import { describe, expect, it } from "vitest";
import { chooseLibsodium } from "./choose-libsodium.ts";
import type { Libsodium, LibsodiumLoader } from "./libsodium.ts";
import { libsodiumRistretto255 } from "./libsodium-ristretto255.ts";
import { wasmLibsodium } from "./libsodium-wasm.ts";

const right = await wasmLibsodium.load();

const loaderOf = (change: Partial<Libsodium>): LibsodiumLoader => ({
  name: "broken",
  load: async () => ({ ...right, ...change }),
});

/** A function that leaves the scalar where its answer belongs, and says that it is done. */
function scalarItself(out: Uint8Array, scalar: Uint8Array): number {
  out.set(scalar);
  return 0;
}

describe("a libsodium is passed over", () => {
  it("that is not there", async () => {
    const absent: LibsodiumLoader = { name: "absent", load: () => Promise.reject(new Error("no such file")) };
    const { name, passedOver } = await chooseLibsodium([absent, wasmLibsodium]);
    expect({ name, passedOver }).toEqual({ name: wasmLibsodium.name, passedOver: ["absent: no such file"] });
    await expect(chooseLibsodium([absent])).rejects.toThrow("no libsodium can be used: absent: no such file");
  });

  it.each<[string, Partial<Libsodium>, string]>([
    [
      "that takes everything for a point",
      { isValidPoint: () => 1 },
      "assertElement takes what is no element",
    ],
    ["that takes nothing for a point", { isValidPoint: () => 0 }, "an element is no canonical encoding"],
    ["that reduces nothing", { reduceScalar: () => {} }, "reduceWide gives a wrong answer"],
    ["that inverts nothing", { invertScalar: () => 0 }, "an element is no canonical encoding"],
    ["whose inverse is the scalar", { invertScalar: scalarItself }, "invert gives a wrong answer"],
    ["that multiplies no scalars", { multiplyScalars: () => {} }, "addProduct gives a wrong answer"],
    ["that adds no scalars", { addScalars: () => {} }, "addProduct gives a wrong answer"],
    ["that multiplies nothing", { multiply: () => 0 }, "multiply gives a wrong answer"],
    [
      "that says nothing of what is no point",
      { multiply: (...args) => right.multiply(...args) & 0 },
      "multiply takes what is no element",
    ],
    ["that multiplies no base", { multiplyBase: () => 0 }, "multiplyBase gives a wrong answer"],
    ["whose base is another point", { multiplyBase: scalarItself }, "multiplyBase gives"],
  ])("%s", async (_, change, reason) => {
    const { name, passedOver } = await chooseLibsodium([loaderOf(change), wasmLibsodium]);
    expect(name).toBe(wasmLibsodium.name);
    expect(passedOver).toEqual([expect.stringContaining(`broken: ${reason}`)]);
  });
});

it("nothing of an input or an answer stays in libsodium's memory, nor of what is refused", () => {
  let memory: Uint8Array = new Uint8Array();
  const suite = libsodiumRistretto255({
    ...right,
    allocate: (bytes) => {
      memory = right.allocate(bytes);
      return memory;
    },
  });
  const scalar = suite.reduceWide(new Uint8Array(64).fill(7));
  const element = suite.multiplyBase(scalar);
  const uses: (() => unknown)[] = [
    () => suite.reduceWide(new Uint8Array(64).fill(8)),
    () => suite.multiplyBase(scalar),
    () => suite.multiply(scalar, element),
    () => suite.invert(scalar),
    () => suite.addProduct(scalar, scalar, scalar),
    () => suite.assertElement(element),
    () => suite.assertScalar(scalar),
  ];
  const left = () => memory.some((byte) => byte !== 0);
  for (const use of uses) {
    use();
    expect(left()).toBe(false);
  }
  const none = new Uint8Array(32).fill(0xff);
  expect(() => suite.multiply(scalar, none)).toThrow(LockError);
  expect(left()).toBe(false);
  expect(() => suite.addProduct(scalar, scalar, new Uint8Array(33))).toThrow(RangeError);
  expect(left()).toBe(false);
  expect(memory).toHaveLength(192);
});
