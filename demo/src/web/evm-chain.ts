import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

/** Anvil's id of a chain. */
export const EVM_CHAIN_ID = 31_337;
/** What the faucet gives: 10 ether in wei, hexadecimal. */
const GIFT = "0x8ac7230489e80000";
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** A chain of the demo's own. */
export interface EvmChain {
  readonly url: string;
  /** Sets the balance of an address to 10 ether. Throws RangeError for what is no address. */
  give(address: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts anvil, where npm has it for this platform; undefined where it has not. */
export async function startEvmChain(): Promise<EvmChain | undefined> {
  const program = anvilProgram();
  if (program === undefined) return undefined;
  const anvil = spawn(program, ["--port", "0", "--chain-id", String(EVM_CHAIN_ID)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = `http://${await listening(anvil)}`;
  return {
    url,
    async give(address) {
      if (!ADDRESS.test(address)) throw new RangeError("not an address of 20 bytes");
      await call(url, "anvil_setBalance", [address, GIFT]);
    },
    async stop() {
      // Ctrl-C ends it before anybody else does.
      if (anvil.exitCode !== null || anvil.signalCode !== null) return;
      const ended = once(anvil, "exit");
      anvil.kill();
      await ended;
    },
  };
}

/** The package @foundry-rs/anvil has one of its own for each platform. */
function anvilProgram(): string | undefined {
  const machine = process.arch === "x64" ? "amd64" : process.arch;
  const file = process.platform === "win32" ? "anvil.exe" : "anvil";
  try {
    return createRequire(import.meta.url).resolve(
      `@foundry-rs/anvil-${process.platform}-${machine}/bin/${file}`,
    );
  } catch {
    return undefined;
  }
}

/** Where it listens. Its output is read to the end: a full pipe would stop it. */
async function listening(anvil: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  if (anvil.stdout === null) throw new Error("no output");
  createInterface(anvil.stdout).on("line", (line) => {
    const [, found] = /^Listening on (\S+)$/.exec(line) ?? [];
    if (found !== undefined) resolve(found);
  });
  anvil.once("error", reject);
  anvil.once("exit", (code, signal) => reject(new Error(`anvil ended with ${signal ?? code}`)));
  return promise;
}

async function call(url: string, method: string, params: readonly string[]): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { error } = (await response.json()) as { error?: { message: string } };
  if (error !== undefined) throw new Error(`anvil: ${error.message}`);
}
