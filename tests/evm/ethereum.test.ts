import {
  type Address,
  concat,
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  http,
  keccak256,
  type PublicClient,
  parseEther,
  type WalletClient,
} from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EvmAccount } from "../../clients/web/src/evm/evm-account.ts";
import { ANVIL_ACCOUNTS, type Anvil, anvilPath, startAnvil } from "../support/anvil.ts";
import { createNotes, NOTES_ABI, NOTES_CODE, NOTES_CREATION, noteOf, SET_SELECTOR } from "./support/notes.ts";
import { type PasskeyWallet, startPasskeyWallet } from "./support/passkey-wallet.ts";

const ETHER = parseEther("1");

describe.skipIf(anvilPath === undefined)("a passkey's account on an EVM chain", { timeout: 120_000 }, () => {
  let anvil: Anvil;
  let wallet: PasskeyWallet;
  let notes: Address;
  let account: EvmAccount;
  let client: WalletClient<ReturnType<typeof http>, typeof foundry, EvmAccount>;
  let chain: PublicClient;

  beforeAll(async () => {
    anvil = await startAnvil({ chainId: foundry.id });
    notes = await createNotes(anvil.url, ANVIL_ACCOUNTS[0]);
    wallet = await startPasskeyWallet({
      chains: [
        {
          chain_id: foundry.id,
          calls: [
            { recipient: "any", selectors: ["0x"], max_value: ETHER.toString() },
            { recipient: notes, selectors: [SET_SELECTOR] },
          ],
          contract_creation: true,
          typed_data: [{ verifying_contract: notes, primary_types: ["Note"] }],
          authorizations: [notes],
        },
      ],
      messages: true,
    });
    ({ account } = wallet);
    const options = { chain: foundry, transport: http(anvil.url) };
    client = createWalletClient({ ...options, account });
    chain = createPublicClient(options);
    const test = createTestClient({ ...options, mode: "anvil" });
    await test.setBalance({ address: account.address, value: 100n * ETHER });
  }, 120_000);
  afterAll(async () => {
    await wallet?.stop();
    await anvil?.stop();
  });

  /** The receipt of a transaction that succeeded, and is the wallet's. */
  async function succeeded(sent: Promise<`0x${string}`>) {
    const receipt = await chain.waitForTransactionReceipt({ hash: await sent });
    expect(receipt).toMatchObject({ status: "success", from: account.address.toLowerCase() });
    return receipt;
  }

  it.each(["legacy", "eip2930", "eip1559"] as const)("sends ether in a transaction of %s", async (type) => {
    const to = privateKeyToAddress(generatePrivateKey());
    const accessList = [{ address: notes, storageKeys: [keccak256("0x01")] }];
    const more = type === "legacy" ? {} : { accessList };
    const receipt = await succeeded(client.sendTransaction({ to, value: ETHER, type, ...more } as never));
    expect(receipt.type).toBe(type);
    expect(await chain.getBalance({ address: to })).toBe(ETHER);
  });

  it("creates a contract", async () => {
    const { contractAddress: address } = await succeeded(
      client.deployContract({ abi: NOTES_ABI, bytecode: NOTES_CREATION }),
    );
    expect(await chain.getCode({ address: address ?? "0x" })).toBe(NOTES_CODE);
  });

  it("calls a contract, which sees it as the caller", async () => {
    const call = { address: notes, abi: NOTES_ABI, functionName: "set", args: [2n ** 255n] } as const;
    await succeeded(client.writeContract(call));
    expect(await noteOf(anvil.url, notes, account.address)).toBe(2n ** 255n);
  });

  it("signs messages and typed data that the chain's verifier takes", async () => {
    const { address } = account;
    const message = "what the user read";
    const signature = await account.signMessage({ message });
    expect(await chain.verifyMessage({ address, message, signature })).toBe(true);
    const note = {
      domain: { name: "Notes", chainId: foundry.id, verifyingContract: notes },
      types: { Note: [{ name: "value", type: "uint256" }] },
      primaryType: "Note",
      message: { value: 7n },
    } as const;
    const signed = await account.signTypedData(note);
    expect(await chain.verifyTypedData({ ...note, address, signature: signed })).toBe(true);
    const other = { ...note, message: { value: 8n } };
    expect(await chain.verifyTypedData({ ...other, address, signature: signed })).toBe(false);
  });

  it("lets its account run a contract's code (EIP-7702)", async () => {
    const { address } = account;
    const authorization = await client.signAuthorization({ contractAddress: notes, executor: "self" });
    const data = encodeFunctionData({ abi: NOTES_ABI, args: [1n] });
    const receipt = await succeeded(
      client.sendTransaction({ to: notes, data, authorizationList: [authorization] }),
    );
    expect(receipt.type).toBe("eip7702");
    expect(await chain.getCode({ address })).toBe(concat(["0xef0100", notes]).toLowerCase());
    const [other] = ANVIL_ACCOUNTS;
    const others = createWalletClient({ account: other, chain: foundry, transport: http(anvil.url) });
    const hash = await others.writeContract({ address, abi: NOTES_ABI, functionName: "set", args: [9n] });
    await chain.waitForTransactionReceipt({ hash });
    expect(await noteOf(anvil.url, address, other)).toBe(9n);
  });
});
