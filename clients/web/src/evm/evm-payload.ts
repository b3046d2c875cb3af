import {
  getTypesForEIP712Domain,
  type Hex,
  hashMessage,
  hashTypedData,
  hexToBytes,
  keccak256,
  type SignableMessage,
  serializeTypedData,
  stringToBytes,
  type TypedDataDefinition,
} from "viem";
import { hashAuthorization } from "viem/utils";
import type { PreparedEcdsaPayload } from "../wallet/sign-ecdsa.ts";

type Payload = PreparedEcdsaPayload["payload"]["payload"];

/** A transaction as it is hashed for signing. */
export function transactionPayload(unsigned: Hex): PreparedEcdsaPayload {
  const value = { transactions: [hexToBytes(unsigned)] };
  return prepared({ case: "evmTransactions", value }, keccak256(unsigned));
}

/** A message of ERC-191: its text in UTF-8, or its bytes. */
export function messagePayload(message: SignableMessage): PreparedEcdsaPayload {
  return prepared({ case: "evmMessage", value: { message: bytesOf(message) } }, hashMessage(message));
}

/** Typed data of EIP-712. Wallets may leave the domain's type out; eth_signTypedData_v4 has it. Throws viem's errors. */
export function typedDataPayload(typedData: TypedDataDefinition): PreparedEcdsaPayload {
  const { domain = {}, types } = typedData;
  const whole = {
    ...typedData,
    domain,
    types: { EIP712Domain: getTypesForEIP712Domain({ domain }), ...types },
  };
  const json = serializeTypedData(whole as TypedDataDefinition);
  return prepared({ case: "evmTypedData", value: { json } }, hashTypedData(typedData));
}

/** An authorisation of EIP-7702. */
export function authorizationPayload(of: {
  readonly chainId: number;
  readonly address: Hex;
  readonly nonce: number;
}): PreparedEcdsaPayload {
  const { chainId, address, nonce } = of;
  const value = { chainId: BigInt(chainId), address: hexToBytes(address), nonce: BigInt(nonce) };
  return prepared({ case: "evmAuthorization", value }, hashAuthorization(of));
}

/** A digest that says nothing of what it is of. */
export function digestPayload(hash: Hex): PreparedEcdsaPayload {
  return prepared({ case: "rawDigest", value: { digest: hexToBytes(hash) } }, hash);
}

function prepared(payload: NonNullable<Payload>, digest: Hex): PreparedEcdsaPayload {
  return { payload: { payload }, digests: [hexToBytes(digest)] };
}

function bytesOf(message: SignableMessage): Uint8Array {
  if (typeof message === "string") return stringToBytes(message);
  return typeof message.raw === "string" ? hexToBytes(message.raw) : message.raw;
}
