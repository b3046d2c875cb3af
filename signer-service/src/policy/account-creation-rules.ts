import { parentAccountId } from "@countersign/near";
import type { FunctionCall } from "./intent.ts";
import type { AccountCreationPolicy, RegistrarPolicy } from "./policy.ts";
import { assertWithin, policyDenied, purposeNotAllowed } from "./refusals.ts";
import { newAccountOf } from "./registrar-arguments.ts";

/** Throws SIGNER_POLICY_DENIED or SIGNER_LIMIT_EXCEEDED for an account that may not be created with this deposit. */
export function checkNewAccount(accountId: string, deposit: bigint, policy: AccountCreationPolicy): void {
  if (!policy.suffixes.includes(`.${parentAccountId(accountId) ?? ""}`)) {
    throw policyDenied(`account_creation.suffixes does not name what ${accountId} ends in`);
  }
  assertWithin(policy.maxDeposit, deposit, "account_creation.max_deposit");
}

/**
 * Throws SIGNER_PURPOSE_NOT_ALLOWED for a call that is not the registrar's, and as `checkNewAccount` and `newAccountOf`
 * for one that is.
 */
export function checkRegistrarCall(
  receiverId: string,
  call: FunctionCall,
  policy: AccountCreationPolicy | undefined,
): void {
  const registrar = policy?.registrar;
  if (policy === undefined || registrar === undefined || !isCallOf(registrar, receiverId, call)) {
    throw purposeNotAllowed(`this contract call at ${receiverId}`);
  }
  checkNewAccount(newAccountOf(call.args, registrar.extraArguments), call.deposit, policy);
  assertWithin(policy.maxGas, call.gas, "account_creation.max_gas");
}

function isCallOf(registrar: RegistrarPolicy, receiverId: string, { methodName }: FunctionCall): boolean {
  return receiverId === registrar.account && methodName === registrar.method;
}
