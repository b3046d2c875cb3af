import type { ContextValues } from "@connectrpc/connect";
import { callerKey } from "../access/signer-gate.ts";

/** Whose call it is, for the audit: an identity, or "unix". Throws for a call that no gate let in: a fault of ours. */
export function actorOf(values: ContextValues): string {
  const caller = values.get(callerKey);
  if (caller === "") throw new Error("a call without a caller reached its handler");
  return caller;
}
