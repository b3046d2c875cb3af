import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { COMPILE_CACHE } from "../../../support/compile-cache.ts";

const ROOT = join(import.meta.dirname, "../../../..");

/** A program of this repository, in a process of its own. */
export interface Program {
  readonly pid: number;
  /** The line of JSON with which it said that it serves. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** All that it wrote so far. */
  output(): string;
  /** Ends it as an operator does, and resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  /** All of its environment, but for where compiled modules are. */
  readonly env?: Readonly<Record<string, string>>;
  readonly isReady: (line: Record<string, unknown>) => boolean;
}

/** Starts a program and waits until it serves. Throws what it wrote when it ends before. It is killed with the test. */
export async function startProgram(
  path: string,
  args: readonly string[],
  { env = {}, isReady }: ProgramOptions,
): Promise<Program> {
  const child = spawn(process.execPath, [join(ROOT, path), ...args], {
    env: { ...COMPILE_CACHE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const ended = once(child, "exit");
  const ready = new Promise<Record<string, unknown>>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (text) => {
      output += `${text}\n`;
      const line = JSON.parse(text) as Record<string, unknown>;
      if (isReady(line)) resolve(line);
    });
  });
  const gone = ended.then(() => {
    throw new Error(`${path} ended: ${output}`);
  });
  gone.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ready: await Promise.race([ready, gone]),
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
