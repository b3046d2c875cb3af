import { u64 } from "../chain/errors.ts";
import type { ActionReceipt, ExecutionStatus, Outcome } from "../chain/receipt.ts";
import { receiptOutcomes, type TransactionRecord } from "../chain/transaction-record.ts";
import type { Action, Permission, SignedTransaction } from "../codec/action.ts";
import { formatSignature } from "../codec/signature.ts";

/** FinalExecutionOutcomeView (nearcore core/primitives/src/views.rs) of what was executed up to `head`. */
export function outcomeJson(record: TransactionRecord, head: bigint, withReceipts: boolean): object {
  const outcomes = receiptOutcomes(record, head);
  return {
    status: overallStatus(record, new Map(outcomes.map((outcome) => [outcome.id, outcome]))),
    transaction: transactionJson(record.transaction),
    transaction_outcome: executionJson(record.outcome),
    receipts_outcome: outcomes.map(executionJson),
    ...(withReceipts ? { receipts: [...record.receipts.values()].map(receiptJson) } : {}),
  };
}

/** Follows the results from receipt to receipt; "Started" while one is missing (FinalExecutionStatus). */
function overallStatus(record: TransactionRecord, outcomes: ReadonlyMap<string, Outcome>): unknown {
  let { status } = record.outcome;
  while (status.kind === "receipt") {
    const next = outcomes.get(status.id);
    if (next === undefined) return "Started";
    status = next.status;
  }
  return statusJson(status);
}

function statusJson(status: ExecutionStatus): object {
  switch (status.kind) {
    case "value":
      return { SuccessValue: Buffer.from(status.value).toString("base64") };
    case "receipt":
      return { SuccessReceiptId: status.id };
    case "failure":
      return { Failure: { ActionError: { index: status.index ?? null, kind: status.error } } };
  }
}

function executionJson(outcome: Outcome): object {
  return {
    proof: [],
    block_hash: outcome.blockHash,
    id: outcome.id,
    outcome: {
      logs: outcome.logs,
      receipt_ids: outcome.receiptIds,
      gas_burnt: u64(outcome.gasBurnt),
      tokens_burnt: outcome.tokensBurnt.toString(),
      executor_id: outcome.executorId,
      status: statusJson(outcome.status),
      metadata: { version: 3, gas_profile: [] },
    },
  };
}

function transactionJson(transaction: SignedTransaction): object {
  return {
    signer_id: transaction.signerId,
    public_key: transaction.publicKey,
    nonce: u64(transaction.nonce),
    receiver_id: transaction.receiverId,
    actions: transaction.actions.map(actionJson),
    priority_fee: 0,
    signature: formatSignature(transaction.signature),
    hash: transaction.hash,
  };
}

function receiptJson(receipt: ActionReceipt): object {
  return {
    predecessor_id: receipt.predecessorId,
    receiver_id: receipt.receiverId,
    receipt_id: receipt.id,
    priority: 0,
    receipt: {
      Action: {
        signer_id: receipt.signerId,
        signer_public_key: receipt.signerPublicKey,
        gas_price: receipt.gasPrice.toString(),
        output_data_receivers: receipt.outputDataReceivers.map(({ dataId, receiverId }) => ({
          data_id: dataId,
          receiver_id: receiverId,
        })),
        input_data_ids: receipt.inputDataIds,
        actions: receipt.actions.map(actionJson),
        is_promise_yield: false,
      },
    },
  };
}

/** ActionView. */
function actionJson(action: Action): unknown {
  switch (action.kind) {
    case "CreateAccount":
    case "DeployGlobalContract":
    case "UseGlobalContract":
      return action.kind;
    case "DeployContract":
      return { DeployContract: { code: Buffer.from(action.code).toString("base64") } };
    case "FunctionCall":
      return {
        FunctionCall: {
          method_name: action.methodName,
          args: Buffer.from(action.args).toString("base64"),
          gas: u64(action.gas),
          deposit: action.deposit.toString(),
        },
      };
    case "Transfer":
      return { Transfer: { deposit: action.deposit.toString() } };
    case "Stake":
      return { Stake: { stake: action.stake.toString(), public_key: action.publicKey } };
    case "AddKey":
      return {
        AddKey: {
          public_key: action.publicKey,
          access_key: {
            nonce: u64(action.accessKey.nonce),
            permission: permissionJson(action.accessKey.permission),
          },
        },
      };
    case "DeleteKey":
      return { DeleteKey: { public_key: action.publicKey } };
    case "DeleteAccount":
      return { DeleteAccount: { beneficiary_id: action.beneficiaryId } };
    case "Delegate":
      return {
        Delegate: {
          delegate_action: {
            sender_id: action.delegate.senderId,
            receiver_id: action.delegate.receiverId,
            actions: action.delegate.actions.map(actionJson),
            nonce: u64(action.delegate.nonce),
            max_block_height: u64(action.delegate.maxBlockHeight),
            public_key: action.delegate.publicKey,
          },
          signature: formatSignature(action.signature),
        },
      };
  }
}

function permissionJson(permission: Permission): unknown {
  if (permission.kind === "FullAccess") return "FullAccess";
  return {
    FunctionCall: {
      allowance: permission.allowance?.toString() ?? null,
      receiver_id: permission.receiverId,
      method_names: permission.methodNames,
    },
  };
}
