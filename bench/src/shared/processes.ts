import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../../..");
/** How long a process may take to end by itself when it is asked to, in milliseconds. */
const STOP_TIMEOUT_MS = 20_000;

/** A process under measurement. */
export interface Running {
  readonly pid: number;
  /** The first line that it printed; rejects when it ends before. */
  readonly firstLine: Promise<string>;
  /** Rejects when the process ends; never resolves. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node itself. */
  readonly nodeArgs?: readonly string[];
  /** Its priority, as `nice` counts: below 0 it comes before others, which needs root. That of this process without. */
  readonly nice?: number;
}

/** Starts one of this repository's programs in a process of its own, with its output in `logFile`. */
export function start(program: string, args: readonly string[], options: StartOptions): Running {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), join(ROOT, program), ...args], {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  // At once: its threads begin with what its first one has.
  if (options.nice !== undefined && child.pid !== undefined) setPriority(child.pid, options.nice);
  const log = createWriteStream(options.logFile);
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${program} ended with ${signal ?? code} (see ${options.logFile})`);
  });
  const line = once(createInterface(child.stdout), "line").then(([text]) => String(text));
  const firstLine = Promise.race([line, ended]);
  // Not everyone waits for these, and a process that is stopped ends, too.
  for (const promise of [ended, firstLine]) promise.catch(() => undefined);
  return { pid: child.pid ?? 0, firstLine, ended, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

/** Runs a program of this repository to its end and gives its output. */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, program), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return Buffer.concat(output).toString("utf8");
}
