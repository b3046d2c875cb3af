import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { LockReport } from "./report.ts";

const run = promisify(execFile);
const main = join(import.meta.dirname, "main.ts");

/** What it printed. That it missed a bound (1) is a matter of how busy the machine is, and not of this test. */
function measured(): Promise<LockReport> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, "--quick", "--json"], (error, stdout) => {
      if (error === null || error.code === 1) resolve(JSON.parse(stdout));
      else reject(error);
    });
  });
}

/** Of a round that is ten times smaller than usual. */
const ROWS = [
  ["ristretto255", "signer", 60],
  ["ristretto255", "relay and signer", 60],
  ["ffdhe3072", "signer", 2],
  ["ffdhe3072", "relay and signer", 2],
];
const PIECES = [
  "signer's work",
  "signer's work on a thread of its own",
  "its three multiplications alone",
  "the same, libsodium in WebAssembly",
  "the same, all JavaScript",
  "a browser's half",
];
/** Suite 2 is OpenSSL's and JavaScript's alone. */
const PIECES_OF_2 = PIECES.filter((piece) => !piece.includes("WebAssembly"));

test("every unlock is right, and the bound stands beside what was reached", {
  timeout: 240_000,
}, async () => {
  const { ok, arithmetic, pieces, rows, client, bounds } = await measured();
  expect(pieces.map(({ suite, piece }) => [suite, piece])).toEqual([
    ...PIECES.map((piece) => ["ristretto255", piece]),
    ...PIECES_OF_2.map((piece) => ["ffdhe3072", piece]),
  ]);
  for (const { per_second_and_core, unlock_ms } of pieces) {
    for (const value of [per_second_and_core, unlock_ms.p50, unlock_ms.p99]) expect(value).toBeGreaterThan(0);
  }
  expect(pieces[0]?.times_noble).toBeGreaterThan(1);
  expect(rows.map(({ suite, way, unlocks }) => [suite, way, unlocks])).toEqual(ROWS);
  for (const { call_ms, cpu_ms } of rows) {
    expect(call_ms.p50).toBeGreaterThan(0);
    expect(cpu_ms.signer).toBeGreaterThan(0);
  }
  expect(rows[1]?.cpu_ms.relay).toBeGreaterThan(0);
  expect(client.map(({ part }) => part)).toContain("`./wallet`, all of it");
  for (const { minified, gzip } of client) expect(minified).toBeGreaterThan(gzip);
  expect(bounds[0]?.what).toContain(arithmetic);
  expect(bounds).toMatchObject([{ at_least: 3_000, reached: pieces[0]?.per_second_and_core }]);
  for (const { met, reached, at_least } of bounds) expect(met).toBe(reached >= at_least);
  expect(ok).toBe(bounds.every(({ met }) => met));
});

test("an unknown option is refused", async () => {
  await expect(run(process.execPath, [main, "--slow"])).rejects.toMatchObject({ code: 2 });
});
