import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { addScalars, multiplyScalars, reduce } from "./scalar.ts";
import { PLACES, protocolShare } from "./shares.ts";

describe("the participants' places", () => {
  it("have the factors of the line's value at zero, and their inverses", () => {
    expect(PLACES[1].lambda).toEqual(reduce(3n));
    expect(PLACES[2].lambda).toEqual(reduce(-2n));
    expect(bytesToHex(PLACES[1].inverseLambda)).toBe(
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9d1c9e899ca306ad27fe1945de0242b81".padStart(64, "a"),
    );
    expect(bytesToHex(PLACES[2].inverseLambda)).toBe(
      "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0",
    );
    for (const { lambda, inverseLambda } of Object.values(PLACES)) {
      expect(multiplyScalars(lambda, inverseLambda)).toEqual(reduce(1n));
    }
  });

  it("give the scheme's vectors", () => {
    const client = hexToBytes("74571dade8ace7a967fe8f9b38790fcb5dbe495338f2b3fce1e83e80677a86b3");
    const relayer = hexToBytes("ac4916ae9657da13f5f7aa247297b420baf9a2a829ef93da39e378513a3da666");
    expect(bytesToHex(protocolShare(1, client))).toBe(
      "d1725f39f839a28dcd54da8912d30542f10956603281517c208453de02a25867",
    );
    expect(bytesToHex(protocolShare(2, relayer))).toBe(
      "a9db74a8b4d412f605042aedc6b425ee5d320b929a50d64ea2e0a26433176e0e",
    );
  });

  it("put the key on the line through both shares", () => {
    const [client, relayer] = [secp256k1.utils.randomSecretKey(), secp256k1.utils.randomSecretKey()];
    const sum = addScalars(
      multiplyScalars(PLACES[1].lambda, protocolShare(1, client)),
      multiplyScalars(PLACES[2].lambda, protocolShare(2, relayer)),
    );
    expect(sum).toEqual(addScalars(client, relayer));
  });
});
