import type { KeyOwner } from "./threshold-store.ts";

/** For whom the relay calls, as the caller's credentials proved to it. */
export interface Caller extends KeyOwner {
  /** Users that were merged into this one: what they own is its own too. */
  readonly mergedUsers: readonly string[];
}

/** Whether something belongs to the caller. */
export function isOwn({ tenant, user, mergedUsers }: Caller, owner: KeyOwner): boolean {
  return owner.tenant === tenant && (owner.user === user || mergedUsers.includes(owner.user));
}

/** The users whose things are the caller's. */
export function usersOf({ user, mergedUsers }: Caller): readonly string[] {
  return [user, ...mergedUsers];
}
