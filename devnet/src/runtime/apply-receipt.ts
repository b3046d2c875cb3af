import { isEthImplicit, isNearImplicit, SYSTEM_ACCOUNT } from "../chain/account-id.ts";
import { CONTRACT_REWARD, FEES } from "../chain/config.ts";
import { ActionFailure, type ErrorVariant } from "../chain/errors.ts";
import {
  type ActionReceipt,
  deriveId,
  type ExecutionStatus,
  type Outcome,
  type Receipt,
} from "../chain/receipt.ts";
import { StateUpdate } from "../chain/records.ts";
import type { VersionedState } from "../chain/state.ts";
import type { Action } from "../codec/action.ts";
import type { PromiseResult } from "../contracts/contract.ts";
import {
  addKey,
  createAccount,
  deleteAccount,
  deleteKey,
  deployContract,
  stake,
  transfer,
} from "./account-actions.ts";
import { applyDelegate } from "./delegate-action.ts";
import { execFee, totalDeposit } from "./fees.ts";
import { callFunction } from "./function-call.ts";
import { type BlockContext, NO_VALUE, type ReceiptRun } from "./receipt-run.ts";
import { addRefunds } from "./refund.ts";
import { missingStorageStake } from "./storage-stake.ts";

/** What executing a receipt came to. */
export interface AppliedReceipt {
  readonly outcome: Outcome;
  readonly newReceipts: readonly Receipt[];
  /** Yocto that left the supply. */
  readonly burnt: bigint;
}

type Failure = Extract<ExecutionStatus, { kind: "failure" }>;

/**
 * Executes one receipt: its actions in order, all or nothing; then refunds and the contract's reward
 * (nearcore runtime/runtime/src/lib.rs, apply_action_receipt).
 */
export function applyReceipt(
  receipt: ActionReceipt,
  promiseResults: readonly PromiseResult[],
  block: BlockContext,
  chainState: VersionedState,
): AppliedReceipt {
  const state = new StateUpdate(chainState);
  const run: ReceiptRun = {
    receipt,
    block,
    state,
    promiseResults,
    account: state.account(receipt.receiverId),
    actorId: receipt.predecessorId,
    gasBurnt: FEES.newActionReceipt.execution,
    gasUsed: FEES.newActionReceipt.execution,
    callGasBurnt: 0n,
    logs: [],
    newReceipts: [],
    returned: NO_VALUE,
  };
  const failure = runActions(run) ?? lackOfBalance(run);
  if (failure !== undefined) run.newReceipts = [];
  const isRefund = receipt.predecessorId === SYSTEM_ACCOUNT;
  if (!isRefund) addRefunds(run, failure !== undefined);
  if (failure === undefined) {
    if (run.account !== undefined) state.setAccount(receipt.receiverId, run.account);
    state.commit(block.height);
  } else {
    state.discard();
  }
  const tokensBurnt = isRefund ? 0n : run.gasBurnt * receipt.gasPrice;
  const reward = payReward(run);
  // A refund that fails burns what it carried.
  const lost = isRefund && failure !== undefined ? totalDeposit(receipt.actions) : 0n;
  const { ids, receipts } = identify(run, failure);
  return {
    newReceipts: receipts,
    burnt: tokensBurnt - reward + lost,
    outcome: {
      id: receipt.id,
      blockHeight: block.height,
      blockHash: block.hash,
      logs: run.logs,
      receiptIds: ids,
      gasBurnt: run.gasBurnt,
      tokensBurnt,
      executorId: receipt.receiverId,
      status: failure ?? executionStatus(run, ids),
    },
  };
}

function runActions(run: ReceiptRun): Failure | undefined {
  for (const [index, action] of run.receipt.actions.entries()) {
    const gas = execFee(action, run.receipt.receiverId);
    run.gasBurnt += gas;
    run.gasUsed += gas;
    run.returned = NO_VALUE;
    try {
      checkAccountExistence(run, action);
      checkActorPermission(run, action);
      applyAction(run, action);
    } catch (error) {
      if (!(error instanceof ActionFailure)) throw error;
      return { kind: "failure", index, error: error.kind };
    }
  }
  return undefined;
}

function applyAction(run: ReceiptRun, action: Action): void {
  switch (action.kind) {
    case "CreateAccount":
      createAccount(run);
      break;
    case "DeployContract":
      deployContract(run, action.code);
      break;
    case "FunctionCall":
      callFunction(run, action);
      break;
    case "Transfer":
      transfer(run, action.deposit);
      break;
    case "Stake":
      stake(run, action.stake);
      break;
    case "AddKey":
      addKey(run, action);
      break;
    case "DeleteKey":
      deleteKey(run, action.publicKey);
      break;
    case "DeleteAccount":
      deleteAccount(run, action.beneficiaryId);
      break;
    case "Delegate":
      applyDelegate(run, action);
      break;
    case "DeployGlobalContract":
    case "UseGlobalContract":
      throw new Error("refused by the validation of actions");
  }
}

/** `check_account_existence`; an implicit account comes into being by a transfer that is the receipt's only action. */
function checkAccountExistence(run: ReceiptRun, action: Action): void {
  const { receiverId: account_id, predecessorId, actions } = run.receipt;
  if (action.kind === "CreateAccount") {
    if (run.account !== undefined) throw new ActionFailure({ AccountAlreadyExists: { account_id } });
    if (isNearImplicit(account_id) || isEthImplicit(account_id)) {
      throw new ActionFailure({ OnlyImplicitAccountCreationAllowed: { account_id } });
    }
    return;
  }
  if (run.account !== undefined) return;
  const createsImplicit =
    action.kind === "Transfer" &&
    actions.length === 1 &&
    predecessorId !== SYSTEM_ACCOUNT &&
    isNearImplicit(account_id);
  if (!createsImplicit) throw new ActionFailure({ AccountDoesNotExist: { account_id } });
}

const ADMINISTRATIVE: ReadonlySet<Action["kind"]> = new Set([
  "DeployContract",
  "Stake",
  "AddKey",
  "DeleteKey",
  "DeleteAccount",
]);

/** `check_actor_permissions`: only the account itself administers it, or who creates it in the same receipt. */
function checkActorPermission(run: ReceiptRun, action: Action): void {
  const { receiverId } = run.receipt;
  if (ADMINISTRATIVE.has(action.kind) && run.actorId !== receiverId) {
    throw new ActionFailure({ ActorNoPermission: { account_id: receiverId, actor_id: run.actorId } });
  }
}

function lackOfBalance(run: ReceiptRun): Failure | undefined {
  if (run.account === undefined) return undefined;
  const missing = missingStorageStake(run.account, run.account.amount);
  if (missing === 0n) return undefined;
  const error: ErrorVariant = {
    LackBalanceForState: { account_id: run.receipt.receiverId, amount: missing.toString() },
  };
  return { kind: "failure", index: undefined, error };
}

/** The contract's account gets its share of what its code burnt, if the account still exists. */
function payReward(run: ReceiptRun): bigint {
  const { numerator, denominator } = CONTRACT_REWARD;
  const reward = ((run.callGasBurnt * numerator) / denominator) * run.receipt.gasPrice;
  const account = run.state.account(run.receipt.receiverId);
  if (reward === 0n || account === undefined) return 0n;
  run.state.setAccount(run.receipt.receiverId, { ...account, amount: account.amount + reward });
  run.state.commit(run.block.height);
  return reward;
}

/** Gives the new receipts their ids, and sends the result to those who wait for it. */
function identify(run: ReceiptRun, failure: Failure | undefined) {
  const { receipt, block } = run;
  const forwarded = failure === undefined && run.returned.kind === "receipt" ? run.returned.index : undefined;
  const ids: string[] = [];
  const receipts: Receipt[] = run.newReceipts.map((made, index) => {
    const id = deriveId(receipt.id, block.height, index);
    ids.push(id);
    const outputDataReceivers =
      index === forwarded
        ? [...made.outputDataReceivers, ...receipt.outputDataReceivers]
        : made.outputDataReceivers;
    return { ...made, outputDataReceivers, kind: "action", id, transactionHash: receipt.transactionHash };
  });
  if (forwarded === undefined) {
    const value = run.returned.kind === "value" ? run.returned.value : undefined;
    const data = failure === undefined ? value : undefined;
    for (const { dataId, receiverId } of receipt.outputDataReceivers) {
      receipts.push({ kind: "data", receiverId, dataId, data });
    }
  }
  return { ids, receipts };
}

function executionStatus(run: ReceiptRun, ids: readonly string[]): ExecutionStatus {
  if (run.returned.kind === "value") return { kind: "value", value: run.returned.value };
  const id = ids[run.returned.index];
  if (id === undefined) throw new Error("a call returned a promise that it did not make");
  return { kind: "receipt", id };
}
