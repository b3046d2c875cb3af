import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";

/**
 * Why the memory of a process that a test starts cannot be read here; undefined where it can. Throws on Linux with
 * CI=true, where it must be.
 */
export async function whyUnreadable(): Promise<string | undefined> {
  if (process.platform !== "linux") return "only Linux has /proc/PID/mem";
  const child = spawn(process.execPath, ["--eval", "setInterval(() => {}, 60_000)"], { stdio: "ignore" });
  try {
    await once(child, "spawn");
    closeSync(openSync(`/proc/${child.pid}/mem`, "r"));
    return undefined;
  } catch (cause) {
    const why = `the memory of another process cannot be read: ${(cause as Error).message}`;
    if (process.env.CI === "true") throw new Error(`${why}, and CI=true: it must be`, { cause });
    return why;
  } finally {
    child.kill("SIGKILL");
  }
}
