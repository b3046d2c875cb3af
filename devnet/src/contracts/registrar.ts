import { isValidAccountId } from "../chain/account-id.ts";
import type { Action } from "../codec/action.ts";
import { parsePublicKey } from "../codec/public-key.ts";
import {
  type CallContext,
  type Contract,
  ContractPanic,
  ReturnedPromise,
  stringArg,
  TGAS,
} from "./contract.ts";

/** near-linkdrop's ON_CREATE_ACCOUNT_CALLBACK_GAS. */
const CALLBACK_GAS = 13n * TGAS;

/**
 * The contract on a top-level account such as `near` or `testnet` that creates `<name>.<top-level>` for anyone
 * (near/near-linkdrop, src/api.rs: create_account and its callback): true, or false and the deposit back.
 * `create_account_and_register_user` also keeps whatever else the call carries, if the account came to be;
 * `is_allowed` is a view by which the operator vetoes names.
 */
export const registrar: Contract = {
  create_account: {
    view: false,
    gas: (32n * TGAS) / 10n,
    run: (context) => new ReturnedPromise(createAccount(context, undefined)),
  },
  create_account_and_register_user: {
    view: false,
    gas: (38n * TGAS) / 10n,
    run(context) {
      const { new_account_id: id, new_public_key: _key, ...user } = context.args;
      if (typeof id === "string" && isDenied(context, id)) {
        throw new ContractPanic(`The account ${id} is not allowed`);
      }
      return new ReturnedPromise(createAccount(context, user));
    },
  },
  on_account_created: {
    view: false,
    gas: (25n * TGAS) / 10n,
    run(context) {
      if (context.predecessorId !== context.currentAccountId) {
        throw new ContractPanic("Method on_account_created is private");
      }
      const [result] = context.promiseResults;
      if (result === undefined) throw new ContractPanic("Contract expected a result on the callback");
      if (result.ok) {
        const { user } = context.args;
        if (user !== undefined) {
          context.write(`user/${stringArg(context, "new_account_id")}`, JSON.stringify(user));
        }
        return true;
      }
      const deposit = BigInt(stringArg(context, "amount"));
      if (deposit > 0n)
        context.promise(stringArg(context, "predecessor_account_id"), [{ kind: "Transfer", deposit }]);
      return false;
    },
  },
  set_allowed: {
    view: false,
    gas: 2n * TGAS,
    run(context) {
      if (context.predecessorId !== context.currentAccountId)
        throw new ContractPanic("Method set_allowed is private");
      context.write(`denied/${stringArg(context, "account_id")}`, context.args.allowed === false ? "1" : "0");
      return undefined;
    },
  },
  is_allowed: {
    view: true,
    gas: TGAS,
    run: (context) => !isDenied(context, stringArg(context, "account_id")),
  },
  get_user: {
    view: true,
    gas: TGAS,
    run: (context) => JSON.parse(context.read(`user/${stringArg(context, "account_id")}`) ?? "null"),
  },
};

function isDenied(context: CallContext, id: string): boolean {
  return context.read(`denied/${id}`) === "1";
}

function createAccount(context: CallContext, user: unknown) {
  const id = stringArg(context, "new_account_id");
  if (!isValidAccountId(id)) throw new ContractPanic("Invalid account id");
  const publicKey = parsePublicKey(stringArg(context, "new_public_key"));
  if (publicKey === undefined) throw new ContractPanic("Failed to deserialize input from JSON.");
  const actions: Action[] = [
    { kind: "CreateAccount" },
    { kind: "AddKey", publicKey, accessKey: { nonce: 0n, permission: { kind: "FullAccess" } } },
    { kind: "Transfer", deposit: context.deposit },
  ];
  const args = {
    predecessor_account_id: context.predecessorId,
    amount: context.deposit.toString(),
    ...(user === undefined ? {} : { new_account_id: id, user }),
  };
  return context.then(context.promise(id, actions), "on_account_created", args, CALLBACK_GAS);
}
