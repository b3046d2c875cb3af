import { Code } from "@connectrpc/connect";
import type { Clock } from "./clock.ts";
import { CountersignError } from "./countersign-error.ts";

/** When a call ends that may take several attempts. */
export interface Deadline {
  /** Whole milliseconds that are left, at least 1; undefined without a deadline. Throws DEADLINE_EXCEEDED at 0. */
  leftMs(): number | undefined;
  /** Whether something that takes `ms` ends before it. */
  allows(ms: number): boolean;
}

/** `timeoutMs` from now. As everywhere in Connect, 0 or less means none. */
export function deadlineIn(timeoutMs: number | undefined, clock: Clock): Deadline {
  if (timeoutMs === undefined || timeoutMs <= 0) return { leftMs: () => undefined, allows: () => true };
  const end = clock.now() + timeoutMs;
  return {
    leftMs() {
      const left = Math.ceil(end - clock.now());
      if (left > 0) return left;
      throw new CountersignError("the deadline passed", {
        reason: "UNSPECIFIED",
        code: Code.DeadlineExceeded,
      });
    },
    allows: (ms) => clock.now() + ms < end,
  };
}
