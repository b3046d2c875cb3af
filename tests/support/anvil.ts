import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Anvil's program, that scripts/services.sh found; undefined without it. */
export const anvilPath = process.env.TEST_ANVIL;

/** Accounts of every anvil, which signs for them itself (eth_sendTransaction) and gives them more than tests need. */
export const ANVIL_ACCOUNTS = [
  "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
  "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
] as const;

/** A node of an EVM chain of its own, which makes a block of each transaction. */
export interface Anvil {
  readonly url: string;
  stop(): Promise<void>;
}

export interface AnvilOptions {
  readonly chainId: number;
  /** Whose transactions and fees it takes beside Ethereum's. */
  readonly network?: "ethereum" | "tempo";
}

/** Starts a node on a free port. Throws without the program, and when it ends before it listens. */
export async function startAnvil({ chainId, network = "ethereum" }: AnvilOptions): Promise<Anvil> {
  if (anvilPath === undefined) throw new Error("TEST_ANVIL is not set: run through scripts/services.sh");
  const options = ["--port", "0", "--chain-id", String(chainId), "--network", network];
  const anvil = spawn(anvilPath, options, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(anvil, "exit");
  const lines = createInterface(anvil.stdout);
  const address = await new Promise<string>((resolve, reject) => {
    // Read on afterwards: a full pipe would stop it.
    lines.on("line", (line) => {
      const [, found] = /^Listening on (\S+)$/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    ended.then(([code]) => reject(new Error(`anvil ended with ${code}`)), reject);
  });
  return {
    url: `http://${address}`,
    async stop() {
      anvil.kill();
      await ended;
    },
  };
}
