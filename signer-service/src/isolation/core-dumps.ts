import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/**
 * One byte holds no core file, and it is the one value that also keeps the kernel from piping the memory to a program:
 * pipes (core_pattern "|…") ignore the limit otherwise (Linux, fs/coredump.c, and core(5)).
 */
const NO_CORE = "1";
const TIMEOUT_MS = 5_000;

/** The limits on the size of core files in bytes, as /proc writes them. */
export interface CoreLimits {
  readonly soft: string;
  readonly hard: string;
}

/** The limits of the text of /proc/PID/limits; null without them. */
export function coreLimits(limits: string): CoreLimits | null {
  const found = /^Max core file size +(\S+) +(\S+)/m.exec(limits);
  const [, soft, hard] = found ?? [];
  return soft === undefined || hard === undefined ? null : { soft, hard };
}

/**
 * Whether limits of 0 or 1, which a process without privileges cannot raise again, keep its memory from leaving it: 0
 * does for files alone. `pattern` is the text of /proc/sys/kernel/core_pattern.
 */
export function keepsMemory({ soft, hard }: CoreLimits, pattern: string): boolean {
  const isPiped = pattern.startsWith("|");
  return [soft, hard].every((limit) => limit === NO_CORE || (limit === "0" && !isPiped));
}

/**
 * Sees to it that the kernel writes no core dump of this process: secrets would lie in it. Node cannot set limits, so
 * prlimit (util-linux) does. Gives what is wrong, or null once /proc shows that it holds.
 */
export async function turnCoreDumpsOff(): Promise<string | null> {
  if (process.platform !== "linux") return "core dumps can only be turned off on Linux";
  const before = await readLimits();
  if (before?.soft === NO_CORE && before.hard === NO_CORE) return null;
  const args = ["--pid", String(process.pid), `--core=${NO_CORE}:${NO_CORE}`];
  try {
    // Nothing of this process's environment, where secrets may be.
    const env = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" };
    await promisify(execFile)("prlimit", args, { env, timeout: TIMEOUT_MS });
  } catch (error) {
    // A hard limit of 0 can only be raised with privileges.
    if (await isOff(before)) return null;
    const { code } = error as NodeJS.ErrnoException;
    return `prlimit did not work (${code ?? "failed"}); set the limit where the signer is started (prlimit --core=1:1, LimitCORE=1)`;
  }
  return (await isOff(await readLimits())) ? null : "the limit on core dumps did not take effect";
}

async function isOff(limits: CoreLimits | null): Promise<boolean> {
  return limits !== null && keepsMemory(limits, await readFile("/proc/sys/kernel/core_pattern", "utf8"));
}

async function readLimits() {
  return coreLimits(await readFile("/proc/self/limits", "utf8"));
}
