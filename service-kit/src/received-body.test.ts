import { createHash } from "node:crypto";
import { createContextValues } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { BodyBudget } from "./body-budget.ts";
import { bodyCheckKey } from "./body-check.ts";
import { receivedBody } from "./received-body.ts";

const MAX_BYTES = 1_048_576;

async function* inPieces(whole: Buffer, size: number) {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

/** What comes out, and what is held by then. */
async function receive(whole: Buffer, pieceBytes: number, values = createContextValues()) {
  const budget = new BodyBudget(10 * MAX_BYTES);
  const terms = { values, maxBytes: MAX_BYTES, sendsOne: true, share: budget.open("r1") };
  const chunks: Uint8Array[] = [];
  for await (const chunk of receivedBody(inPieces(whole, pieceBytes), terms)) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), chunks: chunks.length, held: budget.heldBytes };
}

const whole = Buffer.from(Array.from({ length: 300_001 }, (_, i) => i % 251));

test.each([1, 7, 1000, 16_384, 65_535, 300_001])(
  "pieces of %d bytes come out as they went in",
  async (size) => {
    const received = await receive(whole, size);
    expect(received.bytes.equals(whole)).toBe(true);
    expect(received.chunks).toBeLessThan(30);
    expect(received.held).toBeGreaterThanOrEqual(whole.length);
    expect(received.held).toBeLessThan(whole.length + 65_536);
  },
);

test("a body of one piece costs what it is long", async () => {
  expect(await receive(whole.subarray(0, 100), 100)).toMatchObject({ chunks: 1, held: 100 });
});

test("an empty body costs nothing", async () => {
  expect(await receive(Buffer.alloc(0), 1)).toMatchObject({ chunks: 0, held: 0 });
});

test("the check sees the hash of all bytes", async () => {
  const seen: string[] = [];
  const values = createContextValues().set(bodyCheckKey, (sha256) => void seen.push(sha256.toString("hex")));
  await receive(whole, 1000, values);
  expect(seen).toEqual([createHash("sha256").update(whole).digest("hex")]);
});

test("one byte of what was read with it does not keep the rest in memory", async () => {
  const read = new Uint8Array(65_536);
  const share = new BodyBudget(MAX_BYTES).open("r1");
  const body = (async function* () {
    yield read.subarray(0, 1);
  })();
  const terms = { values: createContextValues(), maxBytes: MAX_BYTES, sendsOne: true, share };
  for await (const chunk of receivedBody(body, terms)) expect(chunk.buffer.byteLength).toBe(1);
  expect.assertions(1);
});
