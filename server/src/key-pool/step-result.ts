import type { KeyOperationChange } from "../ledger/ledger.ts";

/** How a look at an operation's step went. */
export type StepResult =
  | { readonly kind: "done"; readonly newPublicKey?: string }
  /** Something is to be noted; then the step goes on. */
  | { readonly kind: "noted"; readonly change: KeyOperationChange }
  /** Nothing is wrong, and what it waits for comes by itself: for example "submission sub_1, which is SIGNED". */
  | { readonly kind: "waits"; readonly on: string }
  /** It is tried again later. */
  | { readonly kind: "failed"; readonly problem: string; readonly change?: KeyOperationChange };

/** Why a step cannot be done now, in words for operators. */
export class StepProblem extends Error {
  override readonly name = "StepProblem";
}
