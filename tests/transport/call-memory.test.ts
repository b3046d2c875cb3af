import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const PROGRAM = join(import.meta.dirname, "calls-in-flight.ts");
const CALLS = 6_000;
/** What V8 may move to its old generation for a call, in bytes: Node's streams, on both sides, and some of Connect's. */
const MOST_BYTES = 20_000;

it("what belongs to a call does not outlive the quick collections", async () => {
  const args = ["--max-semi-space-size=16", "--trace-gc-nvp", PROGRAM, String(CALLS)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  const promoted = [...stdout.matchAll(/gc=s .* promoted=(\d+)/g)].map(([, bytes]) => Number(bytes));
  expect(promoted.length).toBeGreaterThan(5);
  expect(promoted.reduce((sum, bytes) => sum + bytes, 0) / CALLS).toBeLessThan(MOST_BYTES);
});
