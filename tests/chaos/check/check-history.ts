import type { History } from "../history.ts";
import { auditProblems } from "./audits.ts";
import { callProblems } from "./calls.ts";
import { costProblems } from "./costs.ts";
import { landingProblems } from "./landings.ts";
import { lifeProblems } from "./lives.ts";
import { nonceProblems } from "./nonces.ts";
import { orderProblems } from "./orders.ts";

/** What the relay promises, each with what finds breaches of it in a history. */
const PROMISES: Readonly<Record<string, (history: History) => Iterable<string>>> = {
  "every call got one answer, and repeats the same": callProblems,
  "every submission reached one end, and went no way back": lifeProblems,
  "each lands at most once, exactly once when it has landed by its state": landingProblems,
  "a nonce of a key never carries two bodies, and nothing is sent that is not stored": nonceProblems,
  "budgets are what the chain burnt": costProblems,
  "the audit log is whole": auditProblems,
  "order is kept where it was asked for": orderProblems,
};

export interface Verdict {
  readonly promise: string;
  /** A sentence for each breach. */
  readonly problems: readonly string[];
}

/** Holds a history against every promise. A pure function. */
export function checkHistory(history: History): Verdict[] {
  return Object.entries(PROMISES).map(([promise, find]) => ({ promise, problems: [...find(history)] }));
}
