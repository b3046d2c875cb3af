import { type AdminServer, serveAdmin } from "./admin/admin-server.ts";
import { BlockClock } from "./block-clock.ts";
import { Chain } from "./chain/chain.ts";
import type { GenesisAccount } from "./chain/genesis.ts";
import { seededRandom } from "./random.ts";
import { Endpoint } from "./rpc/endpoint.ts";

export interface DevnetOptions {
  readonly networkId?: string;
  readonly accounts?: readonly GenesisAccount[];
  /** Milliseconds between blocks; 0 makes one whenever there is work; undefined only when asked. */
  readonly blockTimeMs?: number | undefined;
  /** How many JSON-RPC endpoints there are; 1 without. */
  readonly endpoints?: number;
  /** Port of the first endpoint; the others follow. 0 takes free ones. */
  readonly port?: number;
  readonly adminPort?: number;
  readonly host?: string;
  readonly genesisHeight?: bigint;
  /** Yocto a gas unit. */
  readonly gasPrice?: bigint;
  readonly transactionValidityBlocks?: bigint;
  /** How long a call waits for a transaction at most, in milliseconds; 10,000 without. */
  readonly pollingTimeoutMs?: number;
  /** For faults with a probability. */
  readonly seed?: number;
}

/** A chain that runs, with its endpoints. */
export interface Devnet {
  readonly networkId: string;
  readonly rpcUrls: readonly string[];
  /** Where `POST` of `{"method", "params"}` works the switches. */
  readonly adminUrl: string;
  readonly chain: Chain;
  readonly endpoints: readonly Endpoint[];
  stop(): Promise<void>;
}

const HISTORY_BLOCKS = 200n;

/** nearcore chain/jsonrpc/src/lib.rs, RpcPollingConfig::default. */
const POLLING_TIMEOUT_MS = 10_000;

/** Starts a devnet in this process. The defaults resemble mainnet; every port is free and on loopback. */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const networkId = options.networkId ?? "countersign-devnet";
  const chain = new Chain(
    {
      networkId,
      genesisHeight: options.genesisHeight ?? 100_000n,
      gasPrice: options.gasPrice ?? 100_000_000n,
      transactionValidityBlocks: options.transactionValidityBlocks ?? 86_400n,
      historyBlocks: HISTORY_BLOCKS,
      now: Date.now,
    },
    options.accounts ?? [],
  );
  const random = seededRandom(options.seed ?? 1);
  const host = options.host ?? "127.0.0.1";
  const port = options.port ?? 0;
  const timeoutMs = options.pollingTimeoutMs ?? POLLING_TIMEOUT_MS;
  const endpoints = Array.from(
    { length: options.endpoints ?? 1 },
    () => new Endpoint(chain, timeoutMs, random),
  );
  for (const [i, endpoint] of endpoints.entries()) await endpoint.listen(host, port === 0 ? 0 : port + i);
  const admin: AdminServer = await serveAdmin(chain, endpoints, host, options.adminPort ?? 0);
  const clock = new BlockClock(chain, options.blockTimeMs);
  return {
    networkId,
    rpcUrls: endpoints.map((endpoint) => endpoint.url),
    adminUrl: admin.url,
    chain,
    endpoints,
    async stop() {
      clock.stop();
      await Promise.all([admin.stop(), ...endpoints.map((endpoint) => endpoint.stop())]);
    },
  };
}
