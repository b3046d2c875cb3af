import { ChainError, type ChainErrorKind } from "../near/chain-error.ts";
import type { LaneStep } from "./lane-retry.ts";

/**
 * What goes wrong in a lane, in the words of its metric:
 * - "answer-lost": a node gave no usable answer to a transaction; it may have it;
 * - "not-landed": no node knows what was sent, and it is sent again;
 * - "node-lagging", "rate-limited", "node-down": what is asked of nodes has to be asked again;
 * - "head-stalled": the chain's final head stands still, or no node that is in sync shows one;
 * - "invalid-nonce", "expired": a transaction can never land, because the key's nonce or its block's age is past it;
 * - "low-balance", "key-missing": the account cannot pay, the chain does not have the key;
 * - "signer-refused", "signer-down", "ledger-down".
 */
export const LANE_TROUBLES = [
  ...(["answer-lost", "not-landed", "node-lagging", "rate-limited", "node-down", "head-stalled"] as const),
  ...(["invalid-nonce", "expired", "low-balance", "key-missing"] as const),
  ...(["signer-refused", "signer-down", "ledger-down"] as const),
] as const;

export type LaneTrouble = (typeof LANE_TROUBLES)[number];

/** What an error means that a node answered to a transaction. A nonce or an age that is past it has to be proved first. */
export function troubleOfSend(kind: ChainErrorKind): LaneTrouble | undefined {
  switch (kind) {
    case "timeout":
    case "unavailable":
      return "answer-lost";
    case "not-synced":
      return "node-lagging";
    case "rate-limited":
      return "rate-limited";
    case "not-enough-balance":
      return "low-balance";
    default:
      return undefined;
  }
}

/** What it means that a step has to be tried again. */
export function troubleOfStep(step: LaneStep, error: unknown): LaneTrouble | undefined {
  if (step === "ledger") return "ledger-down";
  if (!(error instanceof ChainError)) return undefined;
  if (error.kind === "not-synced") return step === "head" ? "head-stalled" : "node-lagging";
  return error.kind === "rate-limited" ? "rate-limited" : "node-down";
}
