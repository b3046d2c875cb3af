import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";

const CLI = join(import.meta.dirname, "../../../signer-service/src/cli.ts");

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `signer` to its end, with only these environment variables. */
export function runCli(args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args],
      { env: { ...COMPILE_CACHE, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

export interface SignerProcess {
  child: ChildProcess;
  /** Where it listens, from its log. */
  address: string;
  /** Everything that it wrote so far. */
  output(): string;
}

/** Starts `signer run` and waits until it listens; it is killed when the test ends. */
export async function startSigner(configFile: string, env: Record<string, string>): Promise<SignerProcess> {
  const child = spawn(process.execPath, [CLI, "run", "--config", configFile], {
    env: { ...COMPILE_CACHE, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise<string>((resolve) => {
    lines.on("line", (line) => {
      output += `${line}\n`;
      const { msg, address } = JSON.parse(line);
      if (msg === "listening") resolve(address);
    });
  });
  const exited = once(child, "exit").then(() => {
    throw new Error(`the signer ended: ${output}`);
  });
  exited.catch(() => undefined);
  return { child, address: await Promise.race([listening, exited]), output: () => output };
}
