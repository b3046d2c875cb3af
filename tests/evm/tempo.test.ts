import {
  type Address,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  erc20Abi,
  http,
  keccak256,
} from "viem";
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from "viem/accounts";
import { tempoLocalnet } from "viem/chains";
import { Addresses, Transaction } from "viem/tempo";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANVIL_ACCOUNTS, type Anvil, anvilPath, startAnvil } from "../support/anvil.ts";
import { type PasskeyWallet, startPasskeyWallet } from "./support/passkey-wallet.ts";

const TOKEN: Address = Addresses.pathUsd;
const TRANSFER_SELECTOR = "0xa9059cbb";
const FUNDS = 10_000_000n;
/** What a transfer to a new account costs on Tempo is more than viem's estimate for anvil. */
const GAS = 2_000_000n;

describe.skipIf(anvilPath === undefined)("a passkey's account on Tempo", { timeout: 120_000 }, () => {
  let anvil: Anvil;
  let wallet: PasskeyWallet;
  const options = () => ({ chain: tempoLocalnet, transport: http(anvil.url) });

  beforeAll(async () => {
    anvil = await startAnvil({ chainId: tempoLocalnet.id, network: "tempo" });
    wallet = await startPasskeyWallet({
      chains: [{ chain_id: tempoLocalnet.id, calls: [{ recipient: TOKEN, selectors: [TRANSFER_SELECTOR] }] }],
    });
    await fund(wallet.account.address);
  }, 120_000);
  afterAll(async () => {
    await wallet?.stop();
    await anvil?.stop();
  });

  const transfer = (to: Address, amount: bigint) => ({
    to: TOKEN,
    data: encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount] }),
  });
  const balanceOf = (of: Address) =>
    createPublicClient(options()).readContract({
      address: TOKEN,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [of],
    });

  async function fund(address: Address): Promise<void> {
    const [account] = ANVIL_ACCOUNTS;
    const client = createWalletClient({ ...options(), account });
    await succeeded(client.sendTransaction({ ...transfer(address, FUNDS), gas: GAS }));
  }

  async function succeeded(sent: Promise<`0x${string}`>) {
    const receipt = await createPublicClient(options()).waitForTransactionReceipt({ hash: await sent });
    expect(receipt.status).toBe("success");
    return receipt;
  }

  it("signs a transaction that recovers to its address, and makes its calls as one", async () => {
    const { account } = wallet;
    const to = privateKeyToAddress(generatePrivateKey());
    const client = createWalletClient({ ...options(), account });
    const calls = [transfer(to, 7n), transfer(to, 5n)];
    const request = await client.prepareTransactionRequest({ calls, gas: GAS });
    const serialized = await client.signTransaction(request);
    expect(Transaction.deserialize(serialized)).toMatchObject({
      from: account.address.toLowerCase(),
      chainId: tempoLocalnet.id,
    });
    const receipt = await succeeded(client.sendRawTransaction({ serializedTransaction: serialized }));
    expect(receipt).toMatchObject({ from: account.address.toLowerCase(), type: "0x76" });
    expect(receipt.transactionHash).toBe(keccak256(serialized));
    expect(await balanceOf(to)).toBe(12n);
    expect(await balanceOf(account.address)).toBeLessThan(FUNDS - 12n);
  });

  it("signs one whose fee another account pays", async () => {
    const { account } = wallet;
    const sponsor = privateKeyToAccount(generatePrivateKey());
    await fund(sponsor.address);
    const to = privateKeyToAddress(generatePrivateKey());
    const client = createWalletClient({ ...options(), account });
    const before = await balanceOf(account.address);
    await succeeded(client.sendTransaction({ calls: [transfer(to, 3n)], gas: GAS, feePayer: sponsor }));
    expect(await balanceOf(to)).toBe(3n);
    expect(await balanceOf(account.address)).toBe(before - 3n);
    expect(await balanceOf(sponsor.address)).toBeLessThan(FUNDS);
  });
});
