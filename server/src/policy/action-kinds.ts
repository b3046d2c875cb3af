import type { NonDelegateAction } from "@countersign/near";

const KINDS: Readonly<Record<NonDelegateAction["kind"], true>> = {
  CreateAccount: true,
  DeployContract: true,
  FunctionCall: true,
  Transfer: true,
  Stake: true,
  AddKey: true,
  DeleteKey: true,
  DeleteAccount: true,
};

/** Kinds of actions that a delegate can hold, as NEAR names them. */
export const ACTION_KINDS: ReadonlySet<string> = new Set(Object.keys(KINDS));
