import type { TokenFailureKind } from "./token-failure.ts";
import type { TokenSession } from "./token-session.ts";

/** What a session's thread can be asked to do. */
export type SessionMethod = keyof TokenSession;

/** A call as it is posted to a session's thread, with others. */
export interface SessionCall {
  readonly method: SessionMethod;
  readonly args: readonly unknown[];
}

/** What the thread posts back, several in the order of the calls. */
export type SessionAnswer =
  | { readonly value: unknown; readonly failure?: never }
  | { readonly failure: { readonly kind: TokenFailureKind; readonly message: string } };
