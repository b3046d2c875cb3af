import {
  authorizationDigest,
  type EvmAuthorization,
  EvmError,
  type EvmTransactionFacts,
  personalMessageDigest,
  readTransaction,
  readTypedData,
} from "@countersign/evm";
import type { EvmWish } from "../evm-policy/evm-wish.ts";
import { ECDSA_SCHEME } from "../schemes/scheme-ids.ts";
import { type EvmIntent, malformed } from "./intent.ts";

/**
 * Unsigned transactions, each read to its last byte: all calls of each, and what else it would do. Throws
 * PAYLOAD_MALFORMED, also for one without a chain id, and for an authorisation for all chains.
 */
export function evmTransactions(transactions: readonly Uint8Array[]): EvmIntent {
  const read = transactions.map((bytes, index) =>
    understood(`transaction ${index}`, () => readTransaction(bytes)),
  );
  return {
    schemeId: ECDSA_SCHEME,
    purpose: "EVM_TRANSACTION",
    digests: read.map(({ digest }) => digest),
    wishes: read.flatMap(wishesOf),
  };
}

function wishesOf({ chainId, calls, delegations, authorizesKey }: EvmTransactionFacts): EvmWish[] {
  return [
    ...calls.map((call): EvmWish => ({ kind: "call", chainId, ...call })),
    ...delegations.map((one): EvmWish => ({ kind: "authorisation", ...one })),
    ...(authorizesKey ? [{ kind: "key authorisation" } as const] : []),
  ];
}

/** A message (ERC-191, version 0x45). */
export function evmMessage(message: Uint8Array): EvmIntent {
  return {
    schemeId: ECDSA_SCHEME,
    purpose: "EVM_MESSAGE",
    digests: [personalMessageDigest(message)],
    wishes: [{ kind: "message" }],
  };
}

/** Typed data (EIP-712), whose domain has a chain and a contract. Throws PAYLOAD_MALFORMED. */
export function evmTypedData(json: string): EvmIntent {
  const { digest, ...facts } = understood("typed data", () => readTypedData(json));
  return {
    schemeId: ECDSA_SCHEME,
    purpose: "EVM_TYPED_DATA",
    digests: [digest],
    wishes: [{ kind: "typed data", ...facts }],
  };
}

/** An authorisation (EIP-7702) for one chain. Throws PAYLOAD_MALFORMED. */
export function evmAuthorization(authorization: EvmAuthorization): EvmIntent {
  const digest = understood("authorisation", () => authorizationDigest(authorization));
  const { chainId, contract } = authorization;
  return {
    schemeId: ECDSA_SCHEME,
    purpose: "EVM_AUTHORIZATION",
    digests: [digest],
    wishes: [{ kind: "authorisation", chainId, contract: `0x${Buffer.from(contract).toString("hex")}` }],
  };
}

/** 32 bytes that mean nothing to anybody here. */
export function rawDigest(digest: Uint8Array): EvmIntent {
  return {
    schemeId: ECDSA_SCHEME,
    purpose: "RAW_DIGEST",
    digests: [digest],
    wishes: [{ kind: "raw digest" }],
  };
}

function understood<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EvmError)) throw error;
    throw malformed(`${what}: ${error.message}`, error);
  }
}
