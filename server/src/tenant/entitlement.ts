import type { Caller } from "../access/caller.ts";
import { EMPTY_POLICY } from "../policy/policy.ts";
import type { Asker } from "../rules/asker.ts";
import type { Entitlement } from "../tx/intake.ts";
import type { Directory } from "./directory.ts";
import { NO_LIMITS } from "./limits.ts";
import { pausedActionKinds } from "./pauses.ts";

/** What a caller's tenant may do now. A tenant that is gone since the call was let in may do nothing. */
export function entitlementOf(
  directory: Pick<Directory, "access" | "pauses" | "revision">,
  { tenant, endUser }: Caller,
): Entitlement {
  const access = directory.access(tenant);
  const asker: Asker = {
    tenant,
    endUser,
    policy: access?.policy ?? EMPTY_POLICY,
    pausedActionKinds: pausedActionKinds(directory.pauses),
  };
  return {
    revision: directory.revision,
    asker,
    policyVersion: access?.policyVersion ?? 0n,
    budgets: (access?.limits ?? NO_LIMITS).budgets,
  };
}
