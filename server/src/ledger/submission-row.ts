import { fromMillis } from "@countersign/sql";
import type { SubmissionRow } from "./submissions.ts";
import type { Cost, Failure, RelayedTransaction, Submission, Transition } from "./types.ts";

/** Transitions that were written after the row was read are left out: they belong to a later state. */
export function toSubmission(row: SubmissionRow, transitions: readonly Transition[]): Submission {
  return {
    id: row.id,
    tenant: row.tenant,
    caller: row.caller,
    kind: row.kind,
    state: row.state,
    network: row.network,
    accountId: row.account_id,
    receiverId: row.receiver_id,
    delegateHash: row.delegate_hash,
    requiredRelayer: row.required_relayer,
    expiresAtHeight: row.expires_at_height,
    createdAt: fromMillis(row.created_at),
    transaction: transactionOf(row),
    cost: costOf(row),
    failure: failureOf(row),
    transitions: transitions.filter(({ seq }) => seq <= row.version),
  };
}

function transactionOf(row: SubmissionRow): RelayedTransaction | null {
  const { transaction_hash, attempt_nonce, relayer_id, relayer_public_key, block_hash } = row;
  if (transaction_hash === null || attempt_nonce === null) return null;
  if (relayer_id === null || relayer_public_key === null) return null;
  return {
    hash: transaction_hash,
    relayerId: relayer_id,
    relayerPublicKey: relayer_public_key,
    nonce: attempt_nonce,
    blockHash: block_hash,
  };
}

function costOf({ gas_burnt, tokens_burnt, deposit }: SubmissionRow): Cost | null {
  if (gas_burnt === null || tokens_burnt === null || deposit === null) return null;
  return { gasBurnt: gas_burnt, tokensBurnt: BigInt(tokens_burnt), deposit: BigInt(deposit) };
}

function failureOf({ failure_reason, failure_message, failure_chain_error }: SubmissionRow): Failure | null {
  if (failure_reason === null) return null;
  return {
    reason: failure_reason,
    message: failure_message ?? "",
    chainError: failure_chain_error ?? "",
  };
}
