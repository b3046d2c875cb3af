import { isNearImplicit } from "../chain/account-id.ts";
import { FEES, type Fee, STORAGE } from "../chain/config.ts";
import type { AccessKey, Action, Permission } from "../codec/action.ts";

/** Gas and token accounting ahead of execution: nearcore runtime/runtime/src/config.rs, function by function. */

function methodNamesBytes(names: readonly string[]): bigint {
  return BigInt(names.reduce((sum, name) => sum + Buffer.byteLength(name) + 1, 0));
}

function sum<T>(items: readonly T[], gas: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + gas(item), 0n);
}

type Phase = (fee: Fee) => bigint;

/** What one action costs in one phase (send fee of `total_send_fees`, or `exec_fee`). */
function actionFee(action: Action, receiverId: string, phase: Phase): bigint {
  switch (action.kind) {
    case "CreateAccount":
      return phase(FEES.createAccount);
    case "DeployContract":
      return phase(FEES.deployContract) + phase(FEES.deployContractByte) * BigInt(action.code.length);
    case "FunctionCall": {
      const bytes = BigInt(Buffer.byteLength(action.methodName) + action.args.length);
      return phase(FEES.functionCall) + phase(FEES.functionCallByte) * bytes;
    }
    case "Transfer":
      // transfer_send_fee / transfer_exec_fee: the transfer may have to create the implicit account.
      return isNearImplicit(receiverId)
        ? phase(FEES.transfer) + phase(FEES.createAccount) + phase(FEES.addFullAccessKey)
        : phase(FEES.transfer);
    case "Stake":
      return phase(FEES.stake);
    case "AddKey":
      return permissionFee(action.accessKey.permission, phase);
    case "DeleteKey":
      return phase(FEES.deleteKey);
    case "DeleteAccount":
      return phase(FEES.deleteAccount);
    case "Delegate":
      return phase(FEES.delegate);
    case "DeployGlobalContract":
    case "UseGlobalContract":
      return 0n;
  }
}

function permissionFee(permission: Permission, phase: Phase): bigint {
  if (permission.kind === "FullAccess") return phase(FEES.addFullAccessKey);
  return (
    phase(FEES.addFunctionCallKey) +
    phase(FEES.addFunctionCallKeyByte) * methodNamesBytes(permission.methodNames)
  );
}

/** `exec_fee`: gas that executing one action burns, without what a contract's code burns. */
export function execFee(action: Action, receiverId: string): bigint {
  return actionFee(action, receiverId, (fee) => fee.execution);
}

/** `total_send_fees`: gas burnt when these actions leave the sender. */
export function totalSendFees(
  actions: readonly Action[],
  senderIsReceiver: boolean,
  receiverId: string,
): bigint {
  const phase: Phase = senderIsReceiver ? (fee) => fee.sendSelf : (fee) => fee.sendOther;
  return sum(actions, (action) => actionFee(action, receiverId, phase));
}

/** `total_prepaid_send_fees`: send fees of delegated actions, which the relayer pays ahead. */
export function totalPrepaidSendFees(actions: readonly Action[]): bigint {
  return sum(actions, (action) => {
    if (action.kind !== "Delegate") return 0n;
    const { senderId, receiverId, actions: inner } = action.delegate;
    return totalSendFees(inner, senderId === receiverId, receiverId);
  });
}

/** `total_prepaid_exec_fees`: execution fees of the actions, and of delegated actions and their receipt. */
export function totalPrepaidExecFees(actions: readonly Action[], receiverId: string): bigint {
  return sum(actions, (action) => {
    if (action.kind !== "Delegate") return execFee(action, receiverId);
    const { actions: inner, receiverId: innerReceiver } = action.delegate;
    return (
      totalPrepaidExecFees(inner, innerReceiver) +
      execFee(action, innerReceiver) +
      FEES.newActionReceipt.execution
    );
  });
}

/** `total_prepaid_gas`: gas attached to function calls, delegated ones too. */
export function totalPrepaidGas(actions: readonly Action[]): bigint {
  return sum(actions, (action) => {
    if (action.kind === "Delegate") return totalPrepaidGas(action.delegate.actions);
    return action.kind === "FunctionCall" ? action.gas : 0n;
  });
}

/** `total_deposit`: tokens that the actions carry, delegated ones too: the relayer pays those. */
export function totalDeposit(actions: readonly Action[]): bigint {
  return sum(actions, (action) => {
    if (action.kind === "Delegate") return totalDeposit(action.delegate.actions);
    return action.kind === "FunctionCall" || action.kind === "Transfer" ? action.deposit : 0n;
  });
}

/** What a transaction takes from its signer, and how much of it is burnt at once (`calculate_tx_cost`). */
export interface TransactionCost {
  readonly gasBurnt: bigint;
  readonly burntAmount: bigint;
  readonly totalCost: bigint;
}

export function transactionCost(
  signerId: string,
  receiverId: string,
  actions: readonly Action[],
  gasPrice: bigint,
): TransactionCost {
  const senderIsReceiver = signerId === receiverId;
  const newReceipt = FEES.newActionReceipt;
  const gasBurnt =
    (senderIsReceiver ? newReceipt.sendSelf : newReceipt.sendOther) +
    totalSendFees(actions, senderIsReceiver, receiverId);
  const gasRemaining =
    totalPrepaidGas(actions) +
    totalPrepaidSendFees(actions) +
    newReceipt.execution +
    totalPrepaidExecFees(actions, receiverId);
  return {
    gasBurnt,
    burntAmount: gasBurnt * gasPrice,
    totalCost: (gasBurnt + gasRemaining) * gasPrice + totalDeposit(actions),
  };
}

/** Bytes that an access key counts: borsh of the key and of its record, plus the record's overhead. */
export function accessKeyStorage(publicKey: string, accessKey: AccessKey): bigint {
  const keyBytes = publicKey.startsWith("secp256k1:") ? 65n : 33n;
  return keyBytes + 8n + permissionBytes(accessKey.permission) + STORAGE.recordBytes;
}

function permissionBytes(permission: Permission): bigint {
  if (permission.kind === "FullAccess") return 1n;
  const names = permission.methodNames.reduce((total, name) => total + 4 + Buffer.byteLength(name), 0);
  const allowance = permission.allowance === undefined ? 1 : 17;
  return BigInt(1 + allowance + 4 + Buffer.byteLength(permission.receiverId) + 4 + names);
}

/** Bytes that one record of a contract's data counts. */
export function dataStorage(key: string, value: string): bigint {
  return BigInt(Buffer.byteLength(key) + Buffer.byteLength(value)) + STORAGE.recordBytes;
}
