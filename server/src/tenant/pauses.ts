import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Pause } from "../ledger/protection-types.ts";
import type { Refusal } from "../rules/rule.ts";

/** When callers should look again whether a pause has ended, in milliseconds. */
const RETRY_MS = 5_000;

export interface PausableCall {
  readonly tenant: string;
  readonly method: string;
  /** Whether it takes on nothing: what was accepted can be followed while its tenant or the relay is paused. */
  readonly reads?: boolean;
}

/**
 * Why a pause of the relay, the tenant or the method refuses a call; undefined for none. The operator's own reason is
 * not for callers.
 */
export function pauseRefusal(pauses: readonly Pause[], call: PausableCall): Refusal | undefined {
  const { tenant, method, reads = false } = call;
  const isPaused = pauses.some(
    ({ level, target }) =>
      (level === "RELAY" && !reads) ||
      (level === "TENANT" && target === tenant && !reads) ||
      (level === "METHOD" && target === method),
  );
  return isPaused
    ? { reason: ErrorReason.PAUSED, message: "this is paused for now", retryAfterMs: RETRY_MS }
    : undefined;
}

/** The kinds of actions that no delegate may hold now. */
export function pausedActionKinds(pauses: readonly Pause[]): ReadonlySet<string> {
  return new Set(pauses.filter(({ level }) => level === "ACTION_KIND").map(({ target }) => target));
}

/** Whether the relay may sign nothing at all, not even what it has accepted. */
export function isHeld(pauses: readonly Pause[]): boolean {
  return pauses.some(({ level, mode }) => level === "RELAY" && mode === "HOLD");
}

/** The tenants whose accepted submissions wait. */
export function heldTenants(pauses: readonly Pause[]): readonly string[] {
  return pauses
    .filter(({ level, mode }) => level === "TENANT" && mode === "HOLD")
    .map(({ target }) => target);
}

/** Whether a relayer's key may sign nothing new. */
export function isKeyPaused(pauses: readonly Pause[], publicKey: string): boolean {
  return pauses.some(({ level, target }) => level === "RELAYER_KEY" && target === publicKey);
}
