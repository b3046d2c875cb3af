import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { KEY_SIZE, TRANSFERS } from "./base-ot.ts";
import { bitAt } from "./bits.ts";
import { COLUMN_SIZE, columnOf, stretchBoth, stretchChosen } from "./correlated-ot.ts";
import {
  answerCheck,
  bothScalars,
  CHECK_LIMIT,
  checkHolds,
  chosenScalars,
  EXTENDED,
  RowHash,
  scalarAt,
} from "./ot-extension.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { flipped, random, tools } from "./test-tools.ts";

const KEYS_SIZE = TRANSFERS * KEY_SIZE;

function extension(delta: Uint8Array = random("", TRANSFERS / 8), cheat: (u: Uint8Array) => void = () => {}) {
  const [sid, keys0, keys1] = [random("", 32), random("", KEYS_SIZE), random("", KEYS_SIZE)];
  const choices = random("", COLUMN_SIZE);
  const { t, u } = stretchBoth(sid, keys0, keys1, choices);
  cheat(u);
  const keys = keys0.map((byte, i) =>
    bitAt(delta, Math.floor(i / KEY_SIZE)) === 1 ? (keys1[i] ?? 0) : byte,
  );
  return { delta, choices, t, q: stretchChosen(sid, keys, delta, u), seed: random("", 32) };
}

describe("the hash of a row", () => {
  it("is the reference library's", () => {
    const hash = new RowHash();
    const scalar = new Uint8Array(32);
    hash.write(0, random("", 16), scalar);
    hash.write(
      5,
      Uint8Array.from({ length: 16 }, (_, i) => i),
      scalar,
    );
    expect(bytesToHex(scalar)).toBe("1da93742c19d504082bf2a419e5dc3bf8f8bcba08a2c632ae16426171d8f2655");
  });
});

describe("the receiver's scalars", () => {
  it("are those of the sender's that its choices name, and no others", async () => {
    const { delta, choices, t, q } = extension();
    const { v0, v1 } = await bothScalars(tools, q, delta);
    const v = await chosenScalars(tools, t);
    for (let i = 0; i < EXTENDED; i++) {
      const [got, other] = bitAt(choices, i) === 1 ? [v1, v0] : [v0, v1];
      expect(scalarAt(v, i)).toEqual(scalarAt(got, i));
      expect(scalarAt(v, i)).not.toEqual(scalarAt(other, i));
    }
  });
});

describe("the check of the extension", () => {
  it("holds for an honest receiver, whatever δ is", async () => {
    for (const delta of [random("", 16), new Uint8Array(16), new Uint8Array(16).fill(255)]) {
      const { choices, t, q, seed } = extension(delta);
      const answer = await answerCheck(tools, seed, choices, t);
      expect(answer.length).toBeLessThanOrEqual(CHECK_LIMIT);
      expect(await checkHolds(tools, seed, delta, q, answer)).toBe(true);
    }
  });

  it("fails for other choices in one column, when δ looks there", async () => {
    for (const column of [0, 63, 127]) {
      const delta: Uint8Array = flipped(new Uint8Array(16), column);
      const cheat = (u: Uint8Array) => {
        const there = columnOf(u, column);
        there[50] = (there[50] ?? 0) ^ 1;
      };
      const { choices, t, q, seed } = extension(delta, cheat);
      const answer = await answerCheck(tools, seed, choices, t);
      expect(await checkHolds(tools, seed, delta, q, answer)).toBe(false);
    }
  });

  it("fails for an answer to another seed, of other choices, or of another matrix", async () => {
    const { delta, choices, t, q, seed } = extension();
    for (const answer of [
      await answerCheck(tools, random("", 32), choices, t),
      await answerCheck(tools, seed, flipped(choices, 1_023), t),
      await answerCheck(tools, seed, choices, flipped(t, 8 * 128 * 128 - 1)),
    ]) {
      expect(await checkHolds(tools, seed, delta, q, answer)).toBe(false);
    }
  });

  it("fails or is refused with a bit changed anywhere", async () => {
    const { delta, choices, t, q, seed } = extension();
    const answer = await answerCheck(tools, seed, choices, t);
    for (let bit = 0; bit < answer.length * 8; bit += 997) {
      const verdict = checkHolds(tools, seed, delta, q, flipped(answer, bit)).catch((error) => {
        expect(error).toBeInstanceOf(ProtocolAbort);
        return false;
      });
      expect(await verdict).toBe(false);
    }
  });

  it("refuses an answer with a column missing", async () => {
    const { delta, choices, t, q, seed } = extension();
    const answer = await answerCheck(tools, seed, choices, t);
    await expect(checkHolds(tools, seed, delta, q, answer.subarray(0, -37))).rejects.toThrow(ProtocolAbort);
  });
});
