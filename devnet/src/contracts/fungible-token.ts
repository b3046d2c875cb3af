import type { Action } from "../codec/action.ts";
import {
  amountArg,
  type CallContext,
  type Contract,
  ContractPanic,
  requireOneYocto,
  stringArg,
  TGAS,
} from "./contract.ts";

/** NEP-145 deposit for one account: 125 bytes at 10^19 yocto. */
const STORAGE_DEPOSIT = 1_250_000_000_000_000_000_000n;

function balanceOf(context: CallContext, id: string): bigint | undefined {
  const balance = context.read(`balance/${id}`);
  return balance === undefined ? undefined : BigInt(balance);
}

function requireBalance(context: CallContext, id: string): bigint {
  const balance = balanceOf(context, id);
  if (balance === undefined) throw new ContractPanic(`The account ${id} is not registered`);
  return balance;
}

function storageBalance(context: CallContext, id: string): unknown {
  if (balanceOf(context, id) === undefined) return null;
  return { total: STORAGE_DEPOSIT.toString(), available: "0" };
}

function payBack(context: CallContext, amount: bigint): void {
  if (amount === 0n) return;
  const transfer: Action = { kind: "Transfer", deposit: amount };
  context.promise(context.predecessorId, [transfer]);
}

/** A fungible token: NEP-141 without transfer calls, NEP-145 registration, NEP-148 metadata, NEP-297 events. */
export const fungibleToken: Contract = {
  new: {
    view: false,
    gas: 2n * TGAS,
    run(context) {
      if (context.read("supply") !== undefined)
        throw new ContractPanic("The contract has already been initialized");
      if (context.predecessorId !== context.currentAccountId)
        throw new ContractPanic("Method new is private");
      const owner = stringArg(context, "owner_id");
      const supply = amountArg(context, "total_supply");
      context.write("supply", supply.toString());
      context.write(`balance/${owner}`, supply.toString());
      context.write("metadata", JSON.stringify(context.args.metadata ?? null));
      return undefined;
    },
  },
  storage_deposit: {
    view: false,
    gas: (22n * TGAS) / 10n,
    run(context) {
      const id =
        typeof context.args.account_id === "string" ? context.args.account_id : context.predecessorId;
      if (balanceOf(context, id) !== undefined) {
        context.log("The account is already registered, refunding the deposit");
        payBack(context, context.deposit);
      } else {
        if (context.deposit < STORAGE_DEPOSIT) {
          throw new ContractPanic("The attached deposit is less than the minimum storage balance");
        }
        context.write(`balance/${id}`, "0");
        payBack(context, context.deposit - STORAGE_DEPOSIT);
      }
      return storageBalance(context, id);
    },
  },
  ft_transfer: {
    view: false,
    gas: (25n * TGAS) / 10n,
    run(context) {
      requireOneYocto(context);
      const sender = context.predecessorId;
      const receiver = stringArg(context, "receiver_id");
      const amount = amountArg(context, "amount");
      if (sender === receiver) throw new ContractPanic("Sender and receiver should be different");
      if (amount === 0n) throw new ContractPanic("The amount should be a positive number");
      const from = requireBalance(context, sender);
      if (from < amount) throw new ContractPanic("The account doesn't have enough balance");
      const to = requireBalance(context, receiver);
      context.write(`balance/${sender}`, (from - amount).toString());
      context.write(`balance/${receiver}`, (to + amount).toString());
      const data = [{ old_owner_id: sender, new_owner_id: receiver, amount: amount.toString() }];
      const event = { standard: "nep141", version: "1.0.0", event: "ft_transfer", data };
      context.log(`EVENT_JSON:${JSON.stringify(event)}`);
      return undefined;
    },
  },
  ft_balance_of: {
    view: true,
    gas: TGAS,
    run: (context) => (balanceOf(context, stringArg(context, "account_id")) ?? 0n).toString(),
  },
  ft_total_supply: { view: true, gas: TGAS, run: (context) => context.read("supply") ?? "0" },
  ft_metadata: {
    view: true,
    gas: TGAS,
    run: (context) => JSON.parse(context.read("metadata") ?? "null"),
  },
  storage_balance_of: {
    view: true,
    gas: TGAS,
    run: (context) => storageBalance(context, stringArg(context, "account_id")),
  },
  storage_balance_bounds: {
    view: true,
    gas: TGAS,
    run: () => ({ min: STORAGE_DEPOSIT.toString(), max: STORAGE_DEPOSIT.toString() }),
  },
};
