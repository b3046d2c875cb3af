import { Code, type HandlerContext } from "@connectrpc/connect";
import type { Logger } from "pino";
import { requestIdKey } from "./call-context.ts";
import { toConnectError } from "./connect-errors.ts";

/**
 * Decides whether a call may come in, from its headers alone. What it throws ends the call before its message is
 * received. `responseHeader` of the context reaches the caller with errors too.
 */
export type Gate = (context: HandlerContext) => Promise<void>;

/** A gate whose errors go over the wire like those of a handler; the faults among them are logged. */
export function mappedGate(gate: Gate, log: Logger): Gate {
  return async (context) => {
    try {
      await gate(context);
    } catch (error) {
      const requestId = context.values.get(requestIdKey);
      const mapped = toConnectError(error, requestId);
      if (mapped.code === Code.Internal) {
        const fields = { request_id: requestId, rpc_method: context.method.name, err: error };
        log.error(fields, "gate failed");
      }
      throw mapped;
    }
  };
}
