import { type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Scope } from "../ledger/protection-types.ts";

/** Who calls, as its credentials prove it. */
export interface Caller {
  readonly tenant: string;
  /** Whose idempotency keys and submissions these are: "user:ID" for an end user, else "tenant". */
  readonly id: string;
  /** For the audit log: "key:ID" or "user:ID". */
  readonly actor: string;
  /** The key's id; null for other credentials. */
  readonly keyId: string | null;
  /** The end user's own id within the tenant; null when the credentials name none. */
  readonly endUser: string | null;
  /** Whose limits count: "user:ID", or "key:ID" for calls without an end user. */
  readonly budgetUser: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The session at this relay whose access token the credentials are; null for other credentials. */
  readonly appSession: AppSessionRef | null;
}

/** A session that a user has signed in to at this relay. */
export interface AppSessionRef {
  readonly id: string;
  /** When its user proved who it is. */
  readonly startedAt: Date;
}

const callerKey = createContextKey<Caller | undefined>(undefined, { description: "the caller" });

/** Notes whom the gate let in. */
export function setCaller(values: ContextValues, caller: Caller): void {
  values.set(callerKey, caller);
}

/** The caller that the gate let in. Throws for a call that came in without one: that is a fault of ours. */
export function callerOf(values: ContextValues): Caller {
  const caller = values.get(callerKey);
  if (caller === undefined) throw new Error("a call without a caller reached its handler");
  return caller;
}

/** The caller that the gate let in; undefined for the methods that are open to everybody. */
export function callerIfAny(values: ContextValues): Caller | undefined {
  return values.get(callerKey);
}

/** The tenant of the caller that the gate let in; undefined for the methods that are open to everybody. */
export function tenantOf(values: ContextValues): string | undefined {
  return values.get(callerKey)?.tenant;
}
