import { FEES } from "../chain/config.ts";
import { ActionFailure, type ErrorVariant } from "../chain/errors.ts";
import { deriveId } from "../chain/receipt.ts";
import type { Account, StateReader } from "../chain/records.ts";
import type { Action, FunctionCallAction } from "../codec/action.ts";
import { contractByName } from "../contracts/built-in.ts";
import {
  type CallContext,
  ContractPanic,
  type Method,
  type PromiseHandle,
  ReturnedPromise,
} from "../contracts/contract.ts";
import { existing } from "./account-actions.ts";
import { dataStorage, execFee, totalDeposit, totalPrepaidGas, totalSendFees } from "./fees.ts";
import { type NewReceipt, NO_VALUE, type ReceiptRun } from "./receipt-run.ts";

/**
 * Calls a contract (nearcore runtime/runtime/src/actions.rs, action_function_call): the deposit is the contract's from
 * the start, promises become receipts, and gas that is neither burnt nor given to a promise is refunded later.
 * Throws ActionFailure with a FunctionCallError.
 */
export function callFunction(run: ReceiptRun, action: FunctionCallAction): void {
  const account = existing(run);
  const method = resolveMethod(account, run.receipt.receiverId, action.methodName);
  const session = new CallSession(run, { ...account, amount: account.amount + action.deposit }, action);
  session.burn(method.gas);
  const returned = runMethod(method, session);
  run.returned =
    returned instanceof ReturnedPromise
      ? { kind: "receipt", index: returned.handle.index }
      : { kind: "value", value: jsonBytes(returned) };
  session.finish();
}

/** The result of a view call as bytes of JSON, or the error of a call that a view must not make. */
export function callView(
  state: StateReader,
  accountId: string,
  methodName: string,
  args: Uint8Array,
  timestamp: bigint,
): { readonly result: Uint8Array; readonly logs: readonly string[] } {
  const account = state.account(accountId);
  if (account === undefined) throw new Error(`account ${accountId} does not exist`);
  const method = resolveMethod(account, accountId, methodName);
  if (!method.view)
    throw functionCallError({ HostError: { ProhibitedInView: { method_name: "attached_deposit" } } });
  const logs: string[] = [];
  const forbidden = (): never => {
    throw functionCallError({ HostError: { ProhibitedInView: { method_name: "storage_write" } } });
  };
  const context: CallContext = {
    currentAccountId: accountId,
    predecessorId: accountId,
    signerId: accountId,
    deposit: 0n,
    get args() {
      return parseArgs(args);
    },
    timestamp,
    promiseResults: [],
    read: (key) => state.data(accountId, key),
    write: forbidden,
    log: (message) => logs.push(message),
    promise: forbidden,
    // biome-ignore lint/suspicious/noThenProperty: the name that near-sdk gives a callback
    then: forbidden,
  };
  return { result: jsonBytes(runMethod(method, context)), logs };
}

function resolveMethod(account: Account, accountId: string, methodName: string): Method {
  if (account.codeLength === 0n) {
    throw functionCallError({ CompilationError: { CodeDoesNotExist: { account_id: accountId } } });
  }
  const contract = account.contract === undefined ? undefined : contractByName(account.contract);
  if (contract === undefined) {
    throw functionCallError({ CompilationError: { PrepareError: "Deserialization" } });
  }
  if (methodName === "") throw functionCallError({ MethodResolveError: "MethodEmptyName" });
  const method = Object.hasOwn(contract, methodName) ? contract[methodName] : undefined;
  if (method === undefined) throw functionCallError({ MethodResolveError: "MethodNotFound" });
  return method;
}

function runMethod(method: Method, context: CallContext): unknown {
  try {
    return method.run(context);
  } catch (error) {
    if (error instanceof ContractPanic) throw executionError(`Smart contract panicked: ${error.message}`);
    throw error;
  }
}

class CallSession implements CallContext {
  readonly currentAccountId: string;
  readonly predecessorId: string;
  readonly signerId: string;
  readonly deposit: bigint;
  readonly timestamp: bigint;
  readonly promiseResults;
  readonly #run: ReceiptRun;
  readonly #call: FunctionCallAction;
  #account: Account;
  #usedGas = 0n;

  constructor(run: ReceiptRun, account: Account, call: FunctionCallAction) {
    this.currentAccountId = run.receipt.receiverId;
    this.predecessorId = run.receipt.predecessorId;
    this.signerId = run.receipt.signerId;
    this.deposit = call.deposit;
    this.timestamp = run.block.timestamp;
    this.promiseResults = run.promiseResults;
    this.#run = run;
    this.#call = call;
    this.#account = account;
  }

  get args(): Readonly<Record<string, unknown>> {
    return parseArgs(this.#call.args);
  }

  read(key: string): string | undefined {
    return this.#run.state.data(this.currentAccountId, key);
  }

  write(key: string, value: string): void {
    const before = this.read(key);
    const freed = before === undefined ? 0n : dataStorage(key, before);
    const storageUsage = this.#account.storageUsage - freed + dataStorage(key, value);
    this.#account = { ...this.#account, storageUsage };
    this.#run.state.setData(this.currentAccountId, key, value);
  }

  log(message: string): void {
    this.#run.logs.push(message);
  }

  promise(receiverId: string, actions: readonly Action[]): PromiseHandle {
    return this.#send(receiverId, actions, []);
  }

  // biome-ignore lint/suspicious/noThenProperty: the name that near-sdk gives a callback
  then(after: PromiseHandle, methodName: string, args: unknown, gas: bigint): PromiseHandle {
    const first = this.#run.newReceipts[after.index];
    if (first === undefined) throw new Error("no such promise");
    const dataId = deriveId(`${this.#run.receipt.id}/data`, this.#run.block.height, after.index);
    const receiver = { dataId, receiverId: this.currentAccountId };
    const outputDataReceivers = [...first.outputDataReceivers, receiver];
    this.#run.newReceipts[after.index] = { ...first, outputDataReceivers };
    const dataFee = FEES.newDataReceipt.sendSelf + FEES.newDataReceipt.execution;
    this.burn(dataFee);
    const call: Action = { kind: "FunctionCall", methodName, args: jsonBytes(args), gas, deposit: 0n };
    return this.#send(this.currentAccountId, [call], [dataId]);
  }

  /** Burns gas of the call; throws when the call has not been given that much. */
  burn(gas: bigint): void {
    const left = this.#call.gas - this.#usedGas;
    const burnt = gas > left ? left : gas;
    this.#usedGas += burnt;
    this.#run.gasBurnt += burnt;
    this.#run.callGasBurnt += burnt;
    this.#run.gasUsed += burnt;
    if (gas > left) throw executionError("Exceeded the prepaid gas.");
  }

  finish(): void {
    this.#run.account = this.#account;
  }

  #send(receiverId: string, actions: readonly Action[], inputDataIds: readonly string[]): PromiseHandle {
    const toSelf = receiverId === this.currentAccountId;
    const newReceipt = FEES.newActionReceipt;
    this.burn(
      (toSelf ? newReceipt.sendSelf : newReceipt.sendOther) + totalSendFees(actions, toSelf, receiverId),
    );
    const execution = actions.reduce(
      (sum, action) => sum + execFee(action, receiverId),
      newReceipt.execution,
    );
    this.#reserve(execution + totalPrepaidGas(actions));
    const deposit = totalDeposit(actions);
    if (deposit > this.#account.amount) throw executionError("Exceeded the account balance.");
    this.#account = { ...this.#account, amount: this.#account.amount - deposit };
    const { signerId, signerPublicKey, gasPrice } = this.#run.receipt;
    const receipt: NewReceipt = {
      predecessorId: this.currentAccountId,
      receiverId,
      signerId,
      signerPublicKey,
      gasPrice,
      actions,
      inputDataIds,
      outputDataReceivers: [],
    };
    return { index: this.#run.newReceipts.push(receipt) - 1 };
  }

  /** Gives gas of the call to a promise: used, and burnt only later. */
  #reserve(gas: bigint): void {
    if (gas > this.#call.gas - this.#usedGas) throw executionError("Exceeded the prepaid gas.");
    this.#usedGas += gas;
    this.#run.gasUsed += gas;
  }
}

function parseArgs(args: Uint8Array): Readonly<Record<string, unknown>> {
  if (args.length === 0) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(args));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Falls through to the same panic as another type of JSON.
  }
  throw new ContractPanic("Failed to deserialize input from JSON.");
}

function jsonBytes(value: unknown): Uint8Array {
  return value === undefined ? NO_VALUE_BYTES : new TextEncoder().encode(JSON.stringify(value));
}

const NO_VALUE_BYTES = NO_VALUE.kind === "value" ? NO_VALUE.value : new Uint8Array();

function functionCallError(error: ErrorVariant): ActionFailure {
  return new ActionFailure({ FunctionCallError: error });
}

function executionError(message: string): ActionFailure {
  return functionCallError({ ExecutionError: message });
}
