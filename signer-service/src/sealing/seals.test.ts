import { expect, test } from "vitest";
import { type SealPlace, Seals } from "./seals.ts";

const KEY = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);
const PLACE: SealPlace = { purpose: "relayer-nonces", sessionId: "s-1", stage: "open", keyId: "ed25519:k" };
const SECRET = Uint8Array.from(Buffer.from("nonces"));

test("what was sealed opens in its place", () => {
  const seals = new Seals([KEY]);
  const sealed = seals.seal(PLACE, SECRET);
  expect(sealed).toHaveLength(1 + 8 + 12 + SECRET.length + 16);
  expect(seals.open(PLACE, sealed)).toEqual(SECRET);
  expect(seals.seal(PLACE, SECRET)).not.toEqual(sealed);
});

test.each([
  { purpose: "answer" },
  { sessionId: "s-2" },
  { stage: "done" },
  { keyId: "ed25519:l" },
  // The same characters, cut elsewhere.
  { sessionId: "s-1open", keyId: "ed25519:k" },
] as const)("nothing opens where %j", (change) => {
  const seals = new Seals([KEY]);
  expect(seals.open({ ...PLACE, ...change }, seals.seal(PLACE, SECRET))).toBeUndefined();
});

test("nothing opens that was changed in any byte, cut or lengthened", () => {
  const seals = new Seals([KEY]);
  const sealed = seals.seal(PLACE, SECRET);
  for (const i of sealed.keys()) {
    const changed = Uint8Array.from(sealed);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(seals.open(PLACE, changed), `byte ${i}`).toBeUndefined();
    expect(seals.open(PLACE, sealed.subarray(0, i))).toBeUndefined();
  }
  expect(seals.open(PLACE, Buffer.concat([sealed, Buffer.of(0)]))).toBeUndefined();
});

test("what was opened is nowhere but in what was given", () => {
  const seals = new Seals([KEY]);
  const secret = Uint8Array.from({ length: 225 }, (_, i) => (i * 7 + 5) % 251);
  const sealed = Uint8Array.from(seals.seal(PLACE, secret));
  const opened = seals.open(PLACE, sealed);
  expect(opened).toEqual(secret);
  // Node cuts small buffers out of one that they share, and never clears it.
  const shared = Buffer.from(Buffer.allocUnsafe(1).buffer);
  expect(shared.includes(Buffer.from(secret.buffer))).toBe(false);
  expect(opened?.buffer.byteLength).toBe(secret.length);
});

test("the first key seals, and both open", () => {
  const sealed = new Seals([KEY]).seal(PLACE, SECRET);
  const rotating = new Seals([OTHER, KEY]);
  expect(rotating.open(PLACE, sealed)).toEqual(SECRET);
  expect(new Seals([OTHER]).open(PLACE, sealed)).toBeUndefined();
  expect(new Seals([OTHER]).open(PLACE, rotating.seal(PLACE, SECRET))).toEqual(SECRET);
});
