// A devnet in a process of its own: prints one line of JSON with its URLs when it serves.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import type { GenesisAccount } from "./chain/genesis.ts";
import { startDevnet } from "./devnet.ts";

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("not a whole number");
}

const program = new Command("devnet")
  .description("A small NEAR chain that speaks NEAR's JSON-RPC")
  .option("--network <name>", "network id", "countersign-devnet")
  .option("--host <host>", "address to listen on", "127.0.0.1")
  .option("--port <port>", "port of the first endpoint, 0 for free ones", count, 0)
  .option("--admin-port <port>", "port of the switches, 0 for a free one", count, 0)
  .option("--endpoints <n>", "how many endpoints", count, 1)
  .option("--block-time-ms <ms>", "milliseconds between blocks; 0: whenever there is work", count, 500)
  .option("--manual", "blocks only when asked")
  .option("--genesis <file>", 'JSON: {"accounts": [{"id", "balance", "keys", "contract"}]}')
  .option("--validity-blocks <n>", "how many blocks a transaction's block hash stays good", count, 86_400)
  .option("--seed <n>", "seed of faults with a probability", count, 1);
program.parse();
const options = program.opts<{
  network: string;
  host: string;
  port: number;
  adminPort: number;
  endpoints: number;
  blockTimeMs: number;
  manual?: true;
  genesis?: string;
  validityBlocks: number;
  seed: number;
}>();

const genesis =
  options.genesis === undefined
    ? { accounts: [] }
    : (JSON.parse(readFileSync(options.genesis, "utf8")) as { accounts: GenesisAccount[] });
const devnet = await startDevnet({
  networkId: options.network,
  host: options.host,
  port: options.port,
  adminPort: options.adminPort,
  endpoints: options.endpoints,
  blockTimeMs: options.manual ? undefined : options.blockTimeMs,
  transactionValidityBlocks: BigInt(options.validityBlocks),
  seed: options.seed,
  accounts: genesis.accounts,
});
const ready = { network: devnet.networkId, rpc_urls: devnet.rpcUrls, admin_url: devnet.adminUrl };
process.stdout.write(`${JSON.stringify(ready)}\n`);
await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
await devnet.stop();
