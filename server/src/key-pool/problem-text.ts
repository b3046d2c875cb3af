import { DomainError, reasonName } from "@countersign/service-kit";
import { ChainError } from "../near/chain-error.ts";
import { StepProblem } from "./step-result.ts";

const MAX_LENGTH = 500;

/** What operators are told of an error: "REASON: message". What nobody foresaw may hold anything, and is for the log alone. */
export function problemText(error: unknown): string {
  if (error instanceof DomainError) return bounded(`${reasonName(error.reason)}: ${error.message}`);
  if (error instanceof ChainError) return bounded(`chain ${error.kind}: ${error.message}`);
  if (error instanceof StepProblem) return bounded(error.message);
  return "INTERNAL: an unforeseen error, which stands in the relay's log";
}

/** One line, without control characters: parts of it come from others. */
export function bounded(text: string): string {
  const line = text.replace(/\p{C}+/gu, " ");
  return line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH - 1)}…`;
}
