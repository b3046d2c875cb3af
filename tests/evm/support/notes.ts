import { type Address, createPublicClient, createWalletClient, type Hex, http, pad } from "viem";
import { foundry } from "viem/chains";

/**
 * A contract that notes a number for each of its callers. Its runtime code, in Yul:
 *
 *     // set(uint256)
 *     if eq(shr(224, calldataload(0)), 0x60fe47b1) { sstore(caller(), calldataload(4)) stop() }
 *     revert(0, 0)
 *
 * as the EVM's instructions:
 *
 *     PUSH0 CALLDATALOAD PUSH1 0xe0 SHR PUSH4 0x60fe47b1 EQ PUSH1 0x11 JUMPI PUSH0 PUSH0 REVERT
 *     JUMPDEST PUSH1 4 CALLDATALOAD CALLER SSTORE STOP
 */
export const NOTES_CODE: Hex = "0x5f3560e01c6360fe47b1146011575f5ffd5b600435335500";

/** What creates it: CODECOPY and RETURN of the 24 bytes that follow. PUSH1 24 PUSH1 10 PUSH0 CODECOPY PUSH1 24 PUSH0 RETURN. */
export const NOTES_CREATION: Hex = `0x6018600a5f3960185ff3${NOTES_CODE.slice(2)}`;

export const SET_SELECTOR = "0x60fe47b1";
export const NOTES_ABI = [
  {
    type: "function",
    name: "set",
    inputs: [{ name: "value", type: "uint256" }],
    outputs: [],
    stateMutability: "nonpayable",
  },
] as const;

/** Has an account of an anvil create the contract; its address. */
export async function createNotes(url: string, account: Address): Promise<Address> {
  const options = { chain: foundry, transport: http(url) };
  const hash = await createWalletClient({ ...options, account }).deployContract({
    abi: NOTES_ABI,
    bytecode: NOTES_CREATION,
  });
  const { contractAddress } = await createPublicClient(options).waitForTransactionReceipt({ hash });
  if (!contractAddress) throw new Error("anvil created no contract");
  return contractAddress;
}

/** What the contract noted for a caller, from its storage; or from that of an account that runs its code. */
export async function noteOf(url: string, address: Address, caller: Address): Promise<bigint> {
  const client = createPublicClient({ chain: foundry, transport: http(url) });
  return BigInt((await client.getStorageAt({ address, slot: pad(caller) })) ?? "0x0");
}
