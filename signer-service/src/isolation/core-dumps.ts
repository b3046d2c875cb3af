import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/**
 * One byte holds no core file, and it is the one value that also keeps the kernel from piping the memory to a program:
 * pipes (core_pattern "|…") ignore the limit otherwise (Linux, fs/coredump.c, and core(5)).
 */
const NO_CORE = "1";
const TIMEOUT_MS = 5_000;

/** The limits on the size of core files in bytes, soft and hard, of the text of /proc/PID/limits; null without them. */
export function coreLimits(limits: string): { soft: string; hard: string } | null {
  const found = /^Max core file size +(\S+) +(\S+)/m.exec(limits);
  const [, soft, hard] = found ?? [];
  return soft === undefined || hard === undefined ? null : { soft, hard };
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
    // A hard limit of 0 can only be raised with privileges, and does for files.
    if (before !== null && isOff(before)) return null;
    const { code } = error as NodeJS.ErrnoException;
    return `prlimit did not work (${code ?? "failed"}); set the limit where the signer is started (ulimit -c 0, LimitCORE=0)`;
  }
  const after = await readLimits();
  return after !== null && isOff(after) ? null : "the limit on core dumps did not take effect";
}

/** A hard limit of 0 or 1 cannot be raised again by a process without privileges. */
function isOff({ soft, hard }: { soft: string; hard: string }): boolean {
  return [soft, hard].every((limit) => limit === "0" || limit === NO_CORE);
}

async function readLimits() {
  return coreLimits(await readFile("/proc/self/limits", "utf8"));
}
