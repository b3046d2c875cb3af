import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Asker } from "./asker.ts";
import type { DelegateSubject } from "./delegate-subject.ts";
import type { Refusal, Rule } from "./rule.ts";

/** When a caller may look again whether an operator has resumed, in milliseconds. */
const RETRY_AFTER_MS = 10_000;

/** Refuses a delegate that holds an action of a kind that is paused. */
export const pausedDelegateRule: Rule<DelegateSubject> = {
  name: "pause_action_kind",
  check: ({ asker, decoded }) => {
    if (typeof decoded === "string") return "skip";
    return pausedRefusal(
      asker,
      decoded.action.actions.map(({ kind }) => kind),
    );
  },
};

/** Refuses the creation of an account while CreateAccount is paused, however the relay would create it. */
export const pausedAccountRule: Rule<{ readonly asker: Asker }> = {
  name: "pause_action_kind",
  check: ({ asker }) => pausedRefusal(asker, ["CreateAccount"]),
};

function pausedRefusal({ pausedActionKinds }: Asker, kinds: readonly string[]): Refusal | undefined {
  const paused = kinds.find((kind) => pausedActionKinds.has(kind));
  return paused === undefined
    ? undefined
    : {
        reason: ErrorReason.PAUSED,
        message: `actions of kind ${paused} are paused`,
        retryAfterMs: RETRY_AFTER_MS,
      };
}
