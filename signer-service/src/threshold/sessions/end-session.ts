import { type Caller, isOwn } from "../caller.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import { tokenHashOf } from "./session-token.ts";

/** Ends a session of the caller's; anything else is over already, as far as the caller knows. Throws THRESHOLD_DISABLED. */
export async function endSession(
  { store, config }: ThresholdParts,
  caller: Caller,
  token: string,
): Promise<void> {
  servedTenant(config(), caller.tenant);
  const tokenHash = tokenHashOf(token);
  if (tokenHash === undefined) return;
  const session = await store.session(tokenHash);
  if (session !== undefined && isOwn(caller, session.owner)) await store.endSession(tokenHash);
}
