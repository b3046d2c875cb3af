import { createHash } from "node:crypto";
import type { CallIdentity } from "../../ledger/protection-types.ts";

/**
 * What makes a call a repetition of another; null without an idempotency key. `body` is what the call asks for, in
 * binary, without the key.
 */
export function callIdentity(method: string, idempotencyKey: string, body: Uint8Array): CallIdentity | null {
  if (idempotencyKey === "") return null;
  return { method, idempotencyKey, bodyHash: createHash("sha256").update(body).digest() };
}
