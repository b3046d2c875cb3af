import type { Interceptor } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { codeOfReason, DomainError, reasonName } from "@countersign/service-kit";
import { type Caller, callerIfAny } from "../access/caller.ts";

/** A call that was let in and refused: by policy, budget, pause or balance, or as a replay. */
export interface Denial {
  /** Undefined for the methods that are open to everybody, such as those to sign in. */
  readonly caller: Caller | undefined;
  readonly method: string;
  readonly reason: string;
}

const DENIALS: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.BUDGET_EXHAUSTED,
  ErrorReason.DELEGATE_REPLAYED,
  ErrorReason.PAUSED,
  ErrorReason.RELAYER_BALANCE_LOW,
]);

/** Tells of what a call was refused, where that is a denial. */
export type NoteRefusal = (caller: Caller | undefined, method: string, reason: ErrorReason) => void;

export function denialNotes(onDenied: (denial: Denial) => void): NoteRefusal {
  return (caller, method, reason) => {
    if (isDenial(reason)) onDenied({ caller, method, reason: reasonName(reason) });
  };
}

/** Tells of every unary call that is refused. Stands inside of the mapping of errors. */
export function denialsInterceptor(note: NoteRefusal): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      if (error instanceof DomainError) {
        note(callerIfAny(request.contextValues), request.method.name, error.reason);
      }
      throw error;
    }
  };
}

function isDenial(reason: ErrorReason): boolean {
  const code = codeOfReason(reason);
  // Unauthenticated: credentials that were withdrawn after the gate.
  return DENIALS.has(reason) || code === Code.PermissionDenied || code === Code.Unauthenticated;
}
