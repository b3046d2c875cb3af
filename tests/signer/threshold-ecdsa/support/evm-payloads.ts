import {
  hashMessage,
  hashTypedData,
  hexToBytes,
  keccak256,
  serializeTransaction,
  stringToBytes,
  type TransactionSerializable,
} from "viem";
import { Transaction as TempoTransaction } from "viem/tempo";
import { hashAuthorization } from "viem/utils";
import type { EcdsaPayloadInit } from "./ecdsa-client.ts";

/** A payload, and the digests that viem computes for it: without Countersign's own codec. */
export interface KnownEvmPayload {
  readonly payload: EcdsaPayloadInit;
  readonly digests: readonly Uint8Array[];
}

export const CHAIN_ID = 31_337;
export const TEMPO_CHAIN_ID = 4_217;
/** A contract that the policy below lets be called, signed for and run. */
export const CONTRACT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
/** An account that it lets be sent 1 wei. */
export const RECIPIENT = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc";
/** transfer(address,uint256). */
export const SELECTOR = "0xa9059cbb";

/** A tenant's policy that lets all payloads below be signed, but for raw digests, and no others. */
export const EVM_POLICY = {
  chains: [
    {
      chain_id: CHAIN_ID,
      calls: [
        { recipient: RECIPIENT, selectors: ["0x"], max_value: "1" },
        { recipient: CONTRACT, selectors: [SELECTOR] },
      ],
      typed_data: [{ verifying_contract: CONTRACT, primary_types: ["Permit"] }],
      authorizations: [CONTRACT],
    },
    { chain_id: TEMPO_CHAIN_ID, calls: [{ recipient: CONTRACT, selectors: [SELECTOR] }] },
  ],
  messages: true,
};

const fees = { gas: 100_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
const calldata = `${SELECTOR}${"00".repeat(64)}` as const;
const bytesOf = (hex: `0x${string}`) => hexToBytes(hex);

/** 1 wei to the recipient (EIP-1559), and what else is changed. */
export function transfer(change: Partial<TransactionSerializable> = {}): TransactionSerializable {
  const plain = { type: "eip1559", chainId: CHAIN_ID, nonce: 0, to: RECIPIENT, value: 1n, ...fees };
  return { ...plain, ...change } as TransactionSerializable;
}

export function evmTransactions(...transactions: readonly TransactionSerializable[]): KnownEvmPayload {
  return serialized(transactions.map((one) => serializeTransaction(one)));
}

/** A batch of Tempo: both calls in one transaction. */
export async function tempoBatch(
  to: readonly `0x${string}`[] = [CONTRACT, CONTRACT],
): Promise<KnownEvmPayload> {
  const calls = to.map((one) => ({ to: one, data: calldata }));
  const transaction = { type: "tempo", chainId: TEMPO_CHAIN_ID, nonce: 1, calls, ...fees } as const;
  return serialized([(await TempoTransaction.serialize(transaction)) as `0x${string}`]);
}

function serialized(list: readonly `0x${string}`[]): KnownEvmPayload {
  const transactions = list.map(bytesOf);
  return {
    payload: { payload: { case: "evmTransactions", value: { transactions } } },
    digests: list.map((one) => bytesOf(keccak256(one))),
  };
}

export function evmMessage(text = "hello"): KnownEvmPayload {
  return {
    payload: { payload: { case: "evmMessage", value: { message: stringToBytes(text) } } },
    digests: [bytesOf(hashMessage(text))],
  };
}

/** A permit for the contract. */
export function typedData(change: { readonly chainId?: number; readonly primaryType?: string } = {}) {
  const { chainId = CHAIN_ID, primaryType = "Permit" } = change;
  const data = {
    types: {
      EIP712Domain: [
        { name: "chainId", type: "uint256" },
        { name: "verifyingContract", type: "address" },
      ],
      [primaryType]: [
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
      ],
    },
    primaryType,
    domain: { chainId, verifyingContract: CONTRACT },
    message: { spender: RECIPIENT, value: "1000000000000000000000" },
  } as const;
  return {
    payload: { payload: { case: "evmTypedData" as const, value: { json: JSON.stringify(data) } } },
    digests: [bytesOf(hashTypedData(data))],
  } satisfies KnownEvmPayload;
}

export function authorization(chainId = CHAIN_ID, contract: `0x${string}` = CONTRACT): KnownEvmPayload {
  const value = { chainId: BigInt(chainId), address: bytesOf(contract), nonce: 7n };
  return {
    payload: { payload: { case: "evmAuthorization", value } },
    digests: [bytesOf(hashAuthorization({ chainId, address: contract, nonce: 7 }))],
  };
}

export function rawDigest(digest = new Uint8Array(32).fill(7)): KnownEvmPayload {
  return { payload: { payload: { case: "rawDigest", value: { digest } } }, digests: [digest] };
}
