import { Code, type ContextValues, createContextKey, type Interceptor } from "@connectrpc/connect";
import { errorFromConnect, type RpcServerOptions, reasonName, requestIdKey } from "@countersign/service-kit";
import { callerKey, type RefusedPeer } from "../access/signer-gate.ts";

/** How calls end that ask for more than the contract or the limits let them, cannot be read, or are for no method. */
const REFUSED: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.ResourceExhausted,
  Code.Unimplemented,
]);

/** Set by a handler that has told of the refusal itself, with more than is known out here. */
export const toldKey = createContextKey(false, { description: "whether the audit knows of the refusal" });

/**
 * Tells of calls that were let in and refused before any transaction of theirs was looked at (FIELD_INVALID,
 * REQUEST_TOO_LARGE, OVERLOADED, METHOD_UNKNOWN), so that these too are in the audit. The interceptor stands outside of
 * the standard ones; `onUnread` is for what no interceptor gets to see.
 */
export function refusedCalls(onRefused: (refused: RefusedPeer) => void): {
  readonly interceptor: Interceptor;
  readonly onUnread: NonNullable<RpcServerOptions["onUnread"]>;
} {
  function tell(values: ContextValues, error: unknown): void {
    const { code, reason, message } = errorFromConnect(error);
    if (reason === undefined || !REFUSED.has(code) || values.get(toldKey)) return;
    const [peer, requestId] = [values.get(callerKey), values.get(requestIdKey)];
    onRefused({ peer, reason: reasonName(reason), message, requestId });
  }
  return {
    interceptor: (next) => async (request) => {
      try {
        return await next(request);
      } catch (error) {
        tell(request.contextValues, error);
        throw error;
      }
    },
    onUnread: ({ values, error }) => tell(values, error),
  };
}
