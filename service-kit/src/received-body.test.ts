import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { Code, createContextValues } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { BodyBudget } from "./body-budget.ts";
import { bodyCheckKey } from "./body-check.ts";
import { receivedBody } from "./received-body.ts";

const MAX_BYTES = 1_048_576;

function inPieces(whole: Buffer, size: number): Readable {
  const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
    whole.subarray(i * size, (i + 1) * size),
  );
  return Readable.from(pieces, { objectMode: false });
}

/** What comes out, and what is held by then. */
async function receive(whole: Buffer, pieceBytes: number, values = createContextValues()) {
  const budget = new BodyBudget(10 * MAX_BYTES);
  const terms = { values, maxBytes: MAX_BYTES, timeoutMs: 60_000, share: budget.open("r1") };
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
  const body = Readable.from([read.subarray(0, 1)], { objectMode: false });
  const terms = { values: createContextValues(), maxBytes: MAX_BYTES, timeoutMs: 60_000, share };
  for await (const chunk of receivedBody(body, terms)) expect(chunk.buffer.byteLength).toBe(1);
  expect.assertions(1);
});

test("a body that breaks off fails, and costs nothing", async () => {
  const budget = new BodyBudget(MAX_BYTES);
  const terms = {
    values: createContextValues(),
    maxBytes: MAX_BYTES,
    timeoutMs: 60_000,
    share: budget.open("r1"),
  };
  const body = new Readable({ read: () => undefined });
  body.push("abc");
  const first = receivedBody(body, terms)[Symbol.asyncIterator]().next();
  body.once("data", () => body.destroy());
  await expect(first).rejects.toMatchObject({ code: Code.Canceled });
  expect(budget.heldBytes).toBe(0);
});

test("what is there too late fails, and the rest is let run off", async () => {
  const share = new BodyBudget(MAX_BYTES).open("r1");
  const body = new Readable({ read: () => undefined });
  const terms = { values: createContextValues(), maxBytes: MAX_BYTES, timeoutMs: 1, share };
  const received = receivedBody(body, terms)[Symbol.asyncIterator]().next();
  await expect(received).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  expect(body.readableFlowing).toBe(true);
});
