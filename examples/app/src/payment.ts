import type { EmbeddedCall, EmbeddedWallet, Hex } from "@countersign/web/host";
import type { AppConfig } from "./app-config.ts";

/** Where coffees are paid: an address that nobody has the key of. */
const SHOP: Hex = "0x000000000000000000000000000000000000c0fe";
/** 0.01 of the coin, in wei. */
const PRICE = "10000000000000000";
/** Gas of a plain transfer. */
const GAS = "21000";

/** Has the wallet sign a payment, which this page has completed, and sends it. The transaction's hash. */
export async function payCoffee(
  wallet: EmbeddedWallet,
  account: { readonly accountId: string; readonly evmAddress: string },
  { chainId, rpcUrl }: NonNullable<AppConfig["evm"]>,
  call: EmbeddedCall,
): Promise<string> {
  const { accountId, evmAddress } = account;
  const [nonce, gasPrice] = await Promise.all([
    rpc(rpcUrl, "eth_getTransactionCount", [evmAddress, "pending"]),
    rpc(rpcUrl, "eth_gasPrice", []),
  ]);
  const transaction = {
    chainId,
    nonce: Number(nonce),
    to: SHOP,
    value: PRICE,
    gas: GAS,
    gasPrice: BigInt(gasPrice).toString(),
  };
  const signed = await wallet.signEvmTransaction({ accountId, transaction }, call);
  return rpc(rpcUrl, "eth_sendRawTransaction", [signed]);
}

async function rpc(url: string, method: string, params: readonly unknown[]): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: string; error?: { message: string } };
  if (result === undefined) throw new Error(error?.message ?? "the chain gives no answer");
  return result;
}
