import type { Action } from "../codec/action.ts";

/** A contract's panic; nearcore answers it as `Smart contract panicked: <message>`. */
export class ContractPanic extends Error {}

export type PromiseResult = { readonly ok: true; readonly value: Uint8Array } | { readonly ok: false };

/** What a contract's method sees of the chain, and may do to it. Amounts in yocto. */
export interface CallContext {
  readonly currentAccountId: string;
  readonly predecessorId: string;
  readonly signerId: string;
  readonly deposit: bigint;
  /** The call's arguments parsed as a JSON object. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Block timestamp in nanoseconds. */
  readonly timestamp: bigint;
  readonly promiseResults: readonly PromiseResult[];
  read(key: string): string | undefined;
  write(key: string, value: string): void;
  log(message: string): void;
  /** Sends a receipt after this call; its deposits leave the contract's balance. */
  promise(receiverId: string, actions: readonly Action[]): PromiseHandle;
  /** Calls the contract itself with the result of `after`. */
  then(after: PromiseHandle, methodName: string, args: unknown, gas: bigint): PromiseHandle;
}

export interface PromiseHandle {
  readonly index: number;
}

export interface Method {
  readonly view: boolean;
  /** Gas that a call burns; the devnet does not count instructions. */
  readonly gas: bigint;
  /** A JSON value, nothing, or a promise whose result becomes the call's. Throws {@link ContractPanic}. */
  run(context: CallContext): unknown;
}

export type Contract = Readonly<Record<string, Method>>;

/** Wraps a promise as a method's result. */
export class ReturnedPromise {
  readonly handle: PromiseHandle;

  constructor(handle: PromiseHandle) {
    this.handle = handle;
  }
}

export const TGAS = 1_000_000_000_000n;

/** A string argument; panics as near-sdk does when it is missing. */
export function stringArg(context: CallContext, name: string): string {
  const value = context.args[name];
  if (typeof value !== "string") {
    throw new ContractPanic(
      `Failed to deserialize input from JSON.: Error("missing field \`${name}\`", line: 1, column: 2)`,
    );
  }
  return value;
}

/** A NEP-141 U128 argument: a decimal string. */
export function amountArg(context: CallContext, name: string): bigint {
  const text = stringArg(context, name);
  if (!/^\d{1,39}$/.test(text)) throw new ContractPanic("Failed to deserialize input from JSON.");
  return BigInt(text);
}

/** near-sdk's assert_one_yocto. */
export function requireOneYocto(context: CallContext): void {
  if (context.deposit !== 1n) {
    throw new ContractPanic("Requires attached deposit of exactly 1 yoctoNEAR");
  }
}
