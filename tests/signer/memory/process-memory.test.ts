import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { whyUnreadable } from "./support/memory-access.ts";
import { Needles } from "./support/needles.ts";
import { filesOf, scanMemory } from "./support/process-memory.ts";
import { seedForms } from "./support/secret-forms.ts";

const unreadable = await whyUnreadable();
if (unreadable !== undefined) process.stderr.write(`not tested: ${unreadable}\n`);

/** Keeps what it reads, far from the start of a chunk and across the border of two, and says when it has it. */
const KEEPER = `
  const kept = Buffer.alloc(40 * 1024 * 1024);
  process.stdin.on("data", (bytes) => {
    for (let at = 16 * 1024 * 1024 - 64; at < kept.length - bytes.length; at += 16 * 1024 * 1024) bytes.copy(kept, at);
    bytes.fill(0);
    process.stdout.write("kept");
  });
  globalThis.kept = kept;
`;

async function keeperOf(bytes: Buffer): Promise<number> {
  const child = spawn(process.execPath, ["--eval", KEEPER], { env: {}, stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.write(bytes);
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

describe.skipIf(unreadable !== undefined)("the memory of another process", () => {
  const forms = seedForms("seed", randomBytes(32));
  const needles = new Needles(forms);

  it("is searched in whole: each form that it holds is found", async () => {
    const pid = await keeperOf(Buffer.concat(forms.map(({ bytes }) => bytes)));
    const { found, unread, read } = await scanMemory(pid, needles);
    expect([...found].sort()).toEqual(forms.map(({ name }) => name).sort());
    expect(unread).toBe(0);
    expect(read).toBeGreaterThan(40 * 1024 * 1024);
  });

  it("holds nothing that the process was not given", async () => {
    const pid = await keeperOf(randomBytes(4096));
    expect([...(await scanMemory(pid, needles)).found]).toEqual([]);
  });

  it("goes on as before when it was searched, and its files are told", async () => {
    const child = spawn(process.execPath, ["--eval", "process.stdin.pipe(process.stdout)"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const pid = child.pid ?? 0;
    await scanMemory(pid, needles);
    child.stdin.write("still there");
    expect(String(await once(child.stdout, "data"))).toBe("still there");
    expect(filesOf(pid)).toContain(process.execPath);
  });
});
