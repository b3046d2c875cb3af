import { describe, expect, it } from "vitest";
import { bothKeys, choose, KEY_SIZE, TRANSFERS } from "./base-ot.ts";
import { bitAt } from "./bits.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { randomScalar } from "./scalar.ts";
import { random, tools } from "./test-tools.ts";

const { points } = tools;

async function transferred(choices = random("", TRANSFERS / 8)) {
  const y = randomScalar(random, "y");
  const Y = points.multiplyBase(y);
  const chosen = await choose(tools, "rot.x@00000000", choices, Y);
  return { y, Y, choices, chosen };
}

const keyAt = (keys: Uint8Array, j: number) => keys.subarray(j * KEY_SIZE, (j + 1) * KEY_SIZE);

describe("base transfers", () => {
  it.each([
    ["random", random("", 16)],
    ["none", new Uint8Array(16)],
    ["all", new Uint8Array(16).fill(255)],
  ])("give the chosen key of each pair and not the other: %s", async (_, choices) => {
    const { y, Y, chosen } = await transferred(choices);
    const { keys0, keys1 } = await bothKeys(tools, y, Y, chosen.points);
    for (let j = 0; j < TRANSFERS; j++) {
      const [got, other] = bitAt(choices, j) === 1 ? [keys1, keys0] : [keys0, keys1];
      expect(keyAt(chosen.keys, j)).toEqual(keyAt(got, j));
      expect(keyAt(chosen.keys, j)).not.toEqual(keyAt(other, j));
    }
  });

  it("give keys that depend on their place", async () => {
    const { y, Y, chosen } = await transferred();
    const [first] = chosen.points;
    if (first === undefined) throw new Error("a point");
    const { keys0 } = await bothKeys(tools, y, Y, [first, first]);
    expect(keyAt(keys0, 0)).not.toEqual(keyAt(keys0, 1));
  });

  it("are refused when an answer is the beginner's own point: its other key would be that of the identity", async () => {
    const { y, Y, chosen } = await transferred();
    const answers = [Y, ...chosen.points.slice(1)];
    await expect(bothKeys(tools, y, Y, answers)).rejects.toThrow(ProtocolAbort);
  });

  it("are refused when a moved point would be the identity", async () => {
    const x = randomScalar(random, "x");
    const repeating = { ...tools, random: () => x.slice() };
    const Y = points.negate(points.multiplyBase(x));
    await expect(choose(repeating, "rot.x@00000000", new Uint8Array(16), Y)).rejects.toThrow(ProtocolAbort);
  });

  it("draw each x, and wipe it", async () => {
    const drawn: Uint8Array[] = [];
    const watched = {
      ...tools,
      random: (purpose: string, size: number) => {
        expect(purpose).toBe("rot.x@00000000");
        const bytes = random(purpose, size);
        drawn.push(bytes);
        return bytes;
      },
    };
    await choose(watched, "rot.x@00000000", random("", 16), points.multiplyBase(randomScalar(random, "y")));
    expect(drawn).toHaveLength(TRANSFERS);
    expect(drawn.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });

  it("let others run", async () => {
    let pauses = 0;
    const pausing = { ...tools, pause: async () => void pauses++ };
    const y = randomScalar(random, "y");
    const Y = points.multiplyBase(y);
    const { points: answers } = await choose(pausing, "x", random("", 16), Y);
    expect(pauses).toBeGreaterThanOrEqual(TRANSFERS / 64);
    pauses = 0;
    await bothKeys(pausing, y, Y, answers);
    expect(pauses).toBeGreaterThanOrEqual(TRANSFERS / 64);
  });
});
