import { keccak_256 } from "@noble/hashes/sha3.js";
import { assertAccessList, callOf, chainIdOf, U64, U256 } from "./common-fields.ts";
import { EvmError } from "./evm-error.ts";
import { decodeRlp, type RlpItem } from "./rlp.ts";
import { addressOf, bytesOf, listOf, uintOf } from "./rlp-fields.ts";
import { readTempoFields, TEMPO_TYPE } from "./tempo-transaction.ts";
import type { EvmDelegation, EvmTransactionFacts } from "./transaction-facts.ts";

type Fields = Omit<EvmTransactionFacts, "digest">;

/** From here on a first byte is that of a list, and of a transaction without a type (EIP-2718). */
const FIRST_LIST = 0xc0;

/** Readers by type byte (EIP-2718). Type 3, which carries blobs, is not among them. */
const TYPED: ReadonlyMap<number, (list: readonly RlpItem[]) => Fields> = new Map([
  [0x01, readEip2930Fields],
  [0x02, readEip1559Fields],
  [0x04, readEip7702Fields],
  [TEMPO_TYPE, readTempoFields],
]);

/**
 * Reads an unsigned transaction as it is hashed for signing: RLP with a chain id (EIP-155), or a type byte and RLP. All of
 * its bytes are understood, and have one encoding only. Throws EvmError: also for a signed one, and for one that names no
 * chain, or chain 0 in an authorisation.
 */
export function readTransaction(bytes: Uint8Array): EvmTransactionFacts {
  const fields = fieldsOf(bytes);
  return { digest: keccak_256(bytes), ...fields };
}

function fieldsOf(bytes: Uint8Array): Fields {
  const first = bytes[0];
  if (first === undefined) throw new EvmError("no bytes");
  if (first >= FIRST_LIST) return readLegacyFields(listOf(decodeRlp(bytes), "the transaction"));
  const read = TYPED.get(first);
  if (read === undefined) throw new EvmError(`transactions of type ${first} are not read here`);
  return read(listOf(decodeRlp(bytes.subarray(1)), "the transaction"));
}

/** EIP-155: nonce, gasPrice, gas, to, value, data, chainId, 0, 0. */
function readLegacyFields(list: readonly RlpItem[]): Fields {
  // Without EIP-155, the signature would hold on every chain.
  if (list.length === 6) throw new EvmError("a transaction without a chain id");
  const [nonce, gasPrice, gas, to, value, data, chainId, r, s] = listOf(list, "the transaction", 9);
  uintOf(nonce, "the nonce", U64);
  uintOf(gasPrice, "the gas price", U256);
  uintOf(gas, "the gas", U64);
  assertEmpty(r);
  assertEmpty(s);
  return plain(chainIdOf(chainId), [callOf(to, value, data)]);
}

/** EIP-2930: chainId, nonce, gasPrice, gas, to, value, data, accessList. */
function readEip2930Fields(list: readonly RlpItem[]): Fields {
  const [chainId, nonce, gasPrice, gas, to, value, data, accessList] = listOf(list, "the transaction", 8);
  uintOf(nonce, "the nonce", U64);
  uintOf(gasPrice, "the gas price", U256);
  uintOf(gas, "the gas", U64);
  assertAccessList(accessList);
  return plain(chainIdOf(chainId), [callOf(to, value, data)]);
}

/** EIP-1559: chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, value, data, accessList. */
function readEip1559Fields(list: readonly RlpItem[]): Fields {
  listOf(list, "the transaction", 9);
  const [chainId, nonce, priorityFee, fee, gas, to, value, data, accessList] = list;
  uintOf(nonce, "the nonce", U64);
  uintOf(priorityFee, "the priority fee", U256);
  uintOf(fee, "the fee", U256);
  uintOf(gas, "the gas", U64);
  assertAccessList(accessList);
  return plain(chainIdOf(chainId), [callOf(to, value, data)]);
}

/** EIP-7702: as EIP-1559, with authorisations at the end; it cannot create a contract. */
function readEip7702Fields(list: readonly RlpItem[]): Fields {
  listOf(list, "the transaction", 10);
  addressOf(list[5], "the recipient");
  const delegations = listOf(list[9], "the authorisations").map(delegationOf);
  if (delegations.length === 0) throw new EvmError("a transaction for authorisations without one");
  return { ...readEip1559Fields(list.slice(0, 9)), delegations };
}

/** chainId, address, nonce, yParity, r, s. */
function delegationOf(item: RlpItem): EvmDelegation {
  const [chainId, contract, nonce, yParity, r, s] = listOf(item, "an authorisation", 6);
  uintOf(nonce, "an authorisation's nonce", U64);
  uintOf(yParity, "an authorisation's parity", 1);
  uintOf(r, "an authorisation's r", U256);
  uintOf(s, "an authorisation's s", U256);
  return {
    chainId: chainIdOf(chainId, "an authorisation's chain id"),
    contract: addressOf(contract, "an authorisation's contract"),
  };
}

function plain(chainId: bigint, calls: Fields["calls"]): Fields {
  return { chainId, calls, delegations: [], authorizesKey: false };
}

/** Where a signature stands in a signed transaction (EIP-155), an unsigned one has nothing. */
function assertEmpty(item: RlpItem | undefined): void {
  if (bytesOf(item, "the signature").length !== 0) throw new EvmError("a transaction that is signed already");
}
