import { assertAccessList, callOf, chainIdOf, U64, U256 } from "./common-fields.ts";
import { EvmError } from "./evm-error.ts";
import type { RlpItem } from "./rlp.ts";
import { addressOf, bytesOf, listOf, optionalAddressOf, uintOf } from "./rlp-fields.ts";
import type { EvmDelegation, EvmTransactionFacts } from "./transaction-facts.ts";

/** The type byte of Tempo's transactions. */
export const TEMPO_TYPE = 0x76;

const FIELDS = 13;
/** Beyond what a block has room for; each of them is held against a policy. */
const MAX_CALLS = 128;
/** In the place of a fee payer's signature: somebody else pays, and signs after the sender. */
const FEE_PAYER_TO_COME = 0x00;

/**
 * The fields of Tempo's transaction as its sender signs them, without a signature
 * (https://docs.tempo.xyz/protocol/transactions/spec-tempo-transaction). Throws EvmError.
 */
export function readTempoFields(list: readonly RlpItem[]): Omit<EvmTransactionFacts, "digest"> {
  const authorizesKey = list.length === FIELDS + 1;
  if (list.length !== FIELDS && !authorizesKey) {
    throw new EvmError(`the transaction has ${list.length} fields and not ${FIELDS}`);
  }
  uintOf(list[1], "the priority fee", U256);
  uintOf(list[2], "the fee", U256);
  uintOf(list[3], "the gas", U64);
  assertAccessList(list[5]);
  uintOf(list[6], "the nonce's key", U256);
  uintOf(list[7], "the nonce", U64);
  uintOf(list[8], "the end of its validity", U64);
  uintOf(list[9], "the beginning of its validity", U64);
  assertFees(list[10], list[11]);
  // A last string would be the sender's signature: what is signed has none.
  if (authorizesKey) listOf(list[13], "the key's authorisation");
  return {
    chainId: chainIdOf(list[0]),
    calls: callsOf(list[4]),
    delegations: listOf(list[12], "the authorisations").map(delegationOf),
    authorizesKey,
  };
}

function callsOf(item: RlpItem | undefined) {
  const calls = listOf(item, "the calls");
  if (calls.length === 0) throw new EvmError("a transaction without calls");
  if (calls.length > MAX_CALLS) throw new EvmError(`${calls.length} calls, at most ${MAX_CALLS} are read`);
  return calls.map((call) => {
    const [to, value, data] = listOf(call, "a call", 3);
    return callOf(to, value, data);
  });
}

/** Who lets another pay names no token: the payer chooses it. */
function assertFees(token: RlpItem | undefined, payer: RlpItem | undefined): void {
  const address = optionalAddressOf(token, "the fee's token");
  const mark = bytesOf(payer, "the fee payer's mark");
  if (mark.length === 0) return;
  if (mark.length !== 1 || mark[0] !== FEE_PAYER_TO_COME)
    throw new EvmError("a fee payer's mark that is none");
  if (address !== null) throw new EvmError("a fee token where another pays");
}

function delegationOf(item: RlpItem): EvmDelegation {
  const [chainId, contract, nonce, signature] = listOf(item, "an authorisation", 4);
  uintOf(nonce, "an authorisation's nonce", U64);
  bytesOf(signature, "an authorisation's signature");
  return {
    chainId: chainIdOf(chainId, "an authorisation's chain id"),
    contract: addressOf(contract, "an authorisation's contract"),
  };
}
