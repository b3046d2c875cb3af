import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** How long a process may take until it serves, in milliseconds. */
const START_TIMEOUT_MS = 20_000;
const ROOT = join(import.meta.dirname, "../..");

/** A process of the demo. */
export interface Running {
  readonly pid: number;
  /** The JSON line with which it said that it serves. */
  readonly ready: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

/**
 * Starts one of this repository's programs in a process of its own, with its output in `logFile`, and waits
 * for the line that says it serves. Rejects when it ends before.
 */
export async function start(
  program: string,
  args: readonly string[],
  options: {
    logFile: string;
    env?: Record<string, string>;
    isReady: (line: Record<string, unknown>) => boolean;
  },
): Promise<Running> {
  const child = spawn(process.execPath, [join(ROOT, program), ...args], {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = createWriteStream(options.logFile);
  child.stderr.pipe(log, { end: false });
  const ready = await readyLine(child, log, options.isReady).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw new Error(`${program} did not start: ${(error as Error).message} (see ${options.logFile})`);
  });
  return { pid: child.pid ?? 0, ready, stop: () => stop(child) };
}

async function readyLine(
  child: ChildProcess,
  log: NodeJS.WritableStream,
  isReady: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  if (child.stdout === null) throw new Error("no output");
  createInterface(child.stdout).on("line", (text) => {
    log.write(`${text}\n`);
    const line = parsed(text);
    if (line !== undefined && isReady(line)) resolve(line);
  });
  const timer = setTimeout(
    () => reject(new Error(`not ready within ${START_TIMEOUT_MS} ms`)),
    START_TIMEOUT_MS,
  );
  child.once("exit", (code, signal) => reject(new Error(`it ended with ${signal ?? code}`)));
  return promise.finally(() => clearTimeout(timer));
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** Runs a program of this repository to its end and gives its output; an Error says why it failed. */
export async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, program), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) {
    throw new Error(`${program} ended with ${code}: ${Buffer.concat(complaints).toString("utf8").trim()}`);
  }
  return Buffer.concat(output).toString("utf8");
}
