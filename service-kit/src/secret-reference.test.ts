import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { readSecret } from "./secret-reference.ts";

async function secretFile(content: string, mode: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "secret-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "secret");
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

test("an environment variable is read", () => {
  expect(readSecret("env:PASS", { PASS: "s3cret" }).reveal()).toBe("s3cret");
});

test("a file is read without its last newline", async () => {
  const path = await secretFile("line one\nline two\n", 0o600);
  expect(readSecret(`file:${path}`, {}).reveal()).toBe("line one\nline two");
});

test("a file that everybody may read is refused", async () => {
  const path = await secretFile("s3cret", 0o644);
  expect(() => readSecret(`file:${path}`, {})).toThrow("open to everybody");
});

test("a file that is too large is refused", async () => {
  const path = await secretFile("x".repeat(65_537), 0o600);
  expect(() => readSecret(`file:${path}`, {})).toThrow("larger than 64 KiB");
});

test.each([
  ["env:MISSING", "env:MISSING is not set"],
  ["env:EMPTY", "env:EMPTY is empty"],
  ["file:/no/such/file", "file:/no/such/file cannot be read (ENOENT)"],
])("%s is refused with a message that says why", (reference, message) => {
  expect(() => readSecret(reference, { EMPTY: "" })).toThrow(message);
});

test("a secret itself is refused and not echoed", () => {
  expect(() => readSecret("hunter2", {})).toThrow(/must be a reference/);
  expect(() => readSecret("hunter2", {})).not.toThrow(/hunter2/);
});

test("a secret prints as nothing but [redacted]", () => {
  const secret = readSecret("env:PASS", { PASS: "s3cret" });
  expect(`${secret} ${JSON.stringify({ secret })} ${inspect({ secret })}`).not.toContain("s3cret");
});
