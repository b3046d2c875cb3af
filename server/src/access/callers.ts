import type { ApiKey, Scope } from "../ledger/protection-types.ts";
import type { AppSessionRef, Caller } from "./caller.ts";

/** Ids of end users: 1 to 128 printable ASCII characters without spaces. */
const END_USER = /^[\x21-\x7e]{1,128}$/;

/** Whether a text can be an end user's id. */
export function isEndUserId(text: string): boolean {
  return END_USER.test(text);
}

/** Who calls with an API key. */
export function keyCaller({ id, tenant, scopes }: Pick<ApiKey, "id" | "tenant" | "scopes">): Caller {
  return {
    tenant,
    id: "tenant",
    actor: `key:${id}`,
    keyId: id,
    endUser: null,
    budgetUser: `key:${id}`,
    scopes: new Set(scopes),
    appSession: null,
  };
}

/** An end user who calls with credentials of its own. The id must be one that `isEndUserId` takes. */
export function userCaller(
  tenant: string,
  userId: string,
  scopes: readonly Scope[],
  appSession: AppSessionRef | null = null,
): Caller {
  const user = `user:${userId}`;
  return {
    tenant,
    id: user,
    actor: user,
    keyId: null,
    endUser: userId,
    budgetUser: user,
    scopes: new Set(scopes),
    appSession,
  };
}

/** A caller that acts for an end user: the user's submissions and limits, the caller's own rights and name. */
export function onBehalfOf(caller: Caller, endUser: string): Caller {
  return { ...caller, id: `user:${endUser}`, endUser, budgetUser: `user:${endUser}` };
}
