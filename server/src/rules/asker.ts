import type { Policy } from "../policy/policy.ts";

/** For whom something would be paid, as the rules see it at the moment of the call. */
export interface Asker {
  readonly tenant: string;
  /** Null when the caller names none. */
  readonly endUser: string | null;
  readonly policy: Policy;
  /** Kinds of actions that are paused, as NEAR names them. */
  readonly pausedActionKinds: ReadonlySet<string>;
}
