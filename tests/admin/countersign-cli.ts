import { execFile } from "node:child_process";
import { join } from "node:path";
import { COMPILE_CACHE } from "../support/compile-cache.ts";

const CLI = join(import.meta.dirname, "../../server/src/cli.ts");

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `countersign` to its end, with only these environment variables; one that does not end is killed. */
export function countersign(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = { env: { ...COMPILE_CACHE, ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
