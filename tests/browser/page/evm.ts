// A page of a wallet for EVM chains, for tests.
import { createWallet, type EvmAccount } from "@countersign/web/evm";
import { createPublicClient, createWalletClient, formatEther, type Hex, http, parseEther } from "viem";
import { foundry } from "viem/chains";
import { indexedPresignatures } from "../../../clients/web/src/browser/indexed-presignatures.ts";
import { NOTES_ABI } from "../../evm/support/notes.ts";
import type { EvmPageConfig } from "../support/page-config.ts";
import { element, startLog } from "./steps.ts";

const config: EvmPageConfig = await (await fetch("./config.json")).json();
const { relayUrl, tenant, rpId, network, accountId } = config;
const wallet = createWallet({
  relay: { baseUrl: relayUrl },
  tenant,
  rpId,
  network,
  near: () => Promise.reject(new Error("this page asks nothing of NEAR")),
  tokens: sessionStorage,
  keyStore: localStorage,
});
const chainOptions = { chain: foundry, transport: http(config.chainUrl) };
const chain = createPublicClient(chainOptions);

// For the test, which looks at what waits in this browser.
Object.assign(globalThis, { presignatures: indexedPresignatures() });

const { log, onClick } = startLog(async () => {
  const address = wallet.evm.account(accountId)?.address;
  element("user").textContent = wallet.user?.id ?? "nobody";
  element("account").textContent = accountId;
  element("address").textContent = address ?? "none";
  element("balance").textContent =
    address === undefined ? "" : `${formatEther(await chain.getBalance({ address }))} ether`;
});

function account(): EvmAccount {
  const found = wallet.evm.account(accountId);
  if (found === undefined) throw new Error("there is no key");
  return found;
}

const client = () => createWalletClient({ ...chainOptions, account: account() });

async function mined(hash: Hex): Promise<string> {
  const { status } = await chain.waitForTransactionReceipt({ hash });
  return `${status} ${hash}`;
}

onClick("register", async () => (await wallet.register({ userName: "Alice", accountId })).id);
onClick("bootstrap", async () => {
  const { account, key } = await wallet.evm.bootstrap({ accountId });
  return `${account.address} ${key.keyId}`;
});
onClick("transfer", async () =>
  mined(await client().sendTransaction({ to: config.recipient, value: parseEther("1") })),
);
onClick("call", async () =>
  mined(
    await client().writeContract({
      address: config.notes,
      abi: NOTES_ABI,
      functionName: "set",
      args: [2_026n],
    }),
  ),
);
onClick("sign-message", () => account().signMessage({ message: "hello" }));

const user = await wallet.resume();
await log(user === undefined ? "nobody is signed in" : "the session goes on");
