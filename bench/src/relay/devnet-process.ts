import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NETWORK, RELAYER } from "../shared/keystore.ts";
import { type Running, start } from "../shared/processes.ts";
import { DevnetAdmin } from "./devnet-admin.ts";
import { type PreSigned, RECEIVER } from "./wallets.ts";

/** Milliseconds between the devnet's blocks. */
export const BLOCK_TIME_MS = 100;
/** In yocto: what the relayer has. */
export const BILLION_NEAR = `1${"0".repeat(33)}`;
const TEN_NEAR = `1${"0".repeat(25)}`;

/** A devnet in a process of its own. */
export interface BenchDevnet {
  readonly running: Running;
  readonly rpcUrls: readonly string[];
  readonly admin: DevnetAdmin;
}

export interface BenchDevnetOptions {
  /** For its files. */
  readonly folder: string;
  /** Public keys of the relayer's account, with full access. */
  readonly relayerKeys: readonly string[];
  /** They exist from genesis. */
  readonly wallets: readonly PreSigned[];
  readonly endpoints: number;
}

export async function startDevnet(options: BenchDevnetOptions): Promise<BenchDevnet> {
  const { folder, relayerKeys, wallets, endpoints } = options;
  const genesis = {
    accounts: [
      { id: RELAYER, balance: BILLION_NEAR, keys: relayerKeys },
      { id: RECEIVER, balance: TEN_NEAR },
      ...wallets.map(({ accountId, publicKey }) => ({ id: accountId, balance: TEN_NEAR, keys: [publicKey] })),
    ],
  };
  const file = join(folder, "genesis.json");
  await writeFile(file, JSON.stringify(genesis));
  const pace = ["--block-time-ms", String(BLOCK_TIME_MS), "--endpoints", String(endpoints)];
  const args = ["--network", NETWORK, "--genesis", file, ...pace];
  const running = start("devnet/src/main.ts", args, { logFile: join(folder, "devnet.log") });
  return asDevnet(running);
}

/** A chain that executes everything at once and checks nothing, in a process of its own. */
export function startMockChain(folder: string): Promise<BenchDevnet> {
  return asDevnet(start("bench/src/relay/mock-chain.ts", [NETWORK], { logFile: join(folder, "chain.log") }));
}

async function asDevnet(running: Running): Promise<BenchDevnet> {
  const said = JSON.parse(await running.firstLine) as { rpc_urls: string[]; admin_url: string };
  return { running, rpcUrls: said.rpc_urls, admin: new DevnetAdmin(said.admin_url) };
}
