import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { inOneFile } from "../../support/one-file.ts";

const CLI = new URL("../../../signer-service/src/cli.ts", import.meta.url);

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `signer` to its end, with only these environment variables. */
export async function runCli(args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  const cli = fileURLToPath(await inOneFile(CLI));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, ...args],
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
  const cli = fileURLToPath(await inOneFile(CLI));
  const child = spawn(process.execPath, [cli, "run", "--config", configFile], {
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
