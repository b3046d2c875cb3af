import {
  type Account,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hash,
  http,
  type PublicClient,
} from "viem";
import type { EvmConfig } from "./wallet-config.ts";

/** The configured EVM chain. */
export interface EvmClient {
  readonly config: EvmConfig;
  readonly chain: PublicClient;
  /** Fills in, signs and sends a transfer of `value` wei. */
  send(account: Account, to: `0x${string}`, value: bigint): Promise<Hash>;
}

export function evmClient(config: EvmConfig): EvmClient {
  const { chainId, name, symbol, rpcUrl } = config;
  const chain = defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: symbol, symbol, decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const transport = http(rpcUrl);
  return {
    config,
    chain: createPublicClient({ chain, transport, pollingInterval: 500 }),
    send: (account, to, value) =>
      createWalletClient({ account, chain, transport }).sendTransaction({ to, value }),
  };
}
