import { execFile } from "node:child_process";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { inOneFile } from "../support/one-file.ts";

const CLI = new URL("../../server/src/cli.ts", import.meta.url);

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `countersign` to its end, with only these environment variables; one that does not end is killed. `input` has its
 * standard input, which is empty without.
 */
export async function countersign(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input: (stdin: Writable) => void = (stdin) => stdin.end(),
): Promise<CliResult> {
  const cli = fileURLToPath(await inOneFile(CLI));
  return new Promise((resolve) => {
    const options = { env: { ...COMPILE_CACHE, ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
    const child = execFile(process.execPath, [cli, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    if (child.stdin !== null) input(child.stdin);
  });
}
