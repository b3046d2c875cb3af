import type { KeyOperationKind, KeyOperationStep } from "../ledger/ledger.ts";

/** The steps of each kind, in order. A rotation drains the old key only when the new one is active. */
const STEPS: Readonly<Record<KeyOperationKind, readonly KeyOperationStep[]>> = {
  ADD: ["GENERATING", "ADDING", "ACTIVATING", "DONE"],
  DRAIN: ["DRAINING", "DELETING", "RETIRING", "DONE"],
  ROTATE: ["GENERATING", "ADDING", "ACTIVATING", "DRAINING", "DELETING", "RETIRING", "DONE"],
};

export function firstStep(kind: KeyOperationKind): KeyOperationStep {
  return STEPS[kind][0] ?? "DONE";
}

/** What comes after a step; DONE after the last one. */
export function stepAfter(kind: KeyOperationKind, step: KeyOperationStep): KeyOperationStep {
  return STEPS[kind][STEPS[kind].indexOf(step) + 1] ?? "DONE";
}

/** Whether nothing comes after it. */
export function isEnd(step: KeyOperationStep): boolean {
  return step === "DONE" || step === "CANCELLED";
}
