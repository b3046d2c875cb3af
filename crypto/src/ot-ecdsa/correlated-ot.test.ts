import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { KEY_SIZE, TRANSFERS } from "./base-ot.ts";
import { bitAt } from "./bits.ts";
import {
  COLUMN_SIZE,
  CORRECTIONS_LIMIT,
  columnOf,
  decodeCorrections,
  encodeCorrections,
  ROWS,
  rowsOf,
  stretch,
  stretchBoth,
  stretchChosen,
} from "./correlated-ot.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { random } from "./test-tools.ts";

const SID = random("", 32);
const KEYS_SIZE = TRANSFERS * KEY_SIZE;

/** The key of each pair that δ names. */
function chosenOf(delta: Uint8Array, keys0: Uint8Array, keys1: Uint8Array): Uint8Array {
  return keys0.map((byte, i) => (bitAt(delta, Math.floor(i / KEY_SIZE)) === 1 ? (keys1[i] ?? 0) : byte));
}

function correlated() {
  const [keys0, keys1] = [random("", KEYS_SIZE), random("", KEYS_SIZE)];
  const [delta, choices] = [random("", TRANSFERS / 8), random("", COLUMN_SIZE)];
  const { t, u } = stretchBoth(SID, keys0, keys1, choices);
  const q = stretchChosen(SID, chosenOf(delta, keys0, keys1), delta, u);
  return { keys0, keys1, delta, choices, t, u, q };
}

describe("columns", () => {
  it("differ for every key: a generator without the key would show the choices", () => {
    const matrix = stretch(SID, random("", KEYS_SIZE));
    const columns = Array.from({ length: TRANSFERS }, (_, j) => bytesToHex(columnOf(matrix, j)));
    expect(new Set(columns).size).toBe(TRANSFERS);
    const { u } = correlated();
    const corrections = Array.from({ length: TRANSFERS }, (_, j) => bytesToHex(columnOf(u, j)));
    expect(new Set(corrections).size).toBe(TRANSFERS);
  });

  it("depend on the session", () => {
    const keys = random("", KEYS_SIZE);
    expect(stretch(SID, keys)).toEqual(stretch(SID, keys));
    expect(columnOf(stretch(SID, keys), 0)).not.toEqual(columnOf(stretch(random("", 32), keys), 0));
  });
});

describe("rows", () => {
  it("of q are those of t, and δ where the choice is 1", () => {
    const { delta, choices, t, q } = correlated();
    const ts = rowsOf(t);
    for (const [i, row] of rowsOf(q).entries()) {
      const expected = ts[i]?.map((byte, n) => (bitAt(choices, i) === 1 ? byte ^ (delta[n] ?? 0) : byte));
      expect(row).toEqual(expected);
    }
  });
});

describe("corrections", () => {
  it("come back, and are not larger than their limit", () => {
    const { u } = correlated();
    const body = encodeCorrections(u);
    expect(decodeCorrections(body)).toEqual(u);
    expect(body.length).toBeLessThanOrEqual(CORRECTIONS_LIMIT);
    expect(encodeCorrections(u.map(() => 255))).toHaveLength(CORRECTIONS_LIMIT);
    expect(bytesToHex(body.subarray(0, 4))).toBe("dc040092");
    expect(ROWS).toBe(0x0400);
  });

  it("are refused with a row missing or too many", () => {
    const body = encodeCorrections(new Uint8Array(TRANSFERS * COLUMN_SIZE));
    expect(() => decodeCorrections(body.subarray(0, -3))).toThrow(ProtocolAbort);
    expect(() => decodeCorrections(Uint8Array.of(...body, 0x92, 0, 0))).toThrow(ProtocolAbort);
  });
});
