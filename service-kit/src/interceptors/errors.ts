import { Code, type ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { requestIdKey } from "../call-context.ts";
import { toConnectError } from "../connect-errors.ts";

/**
 * Maps whatever a call throws to the wire and logs the private cause of the faults: INTERNAL as an error,
 * UNAVAILABLE as a warning. Refusals are the caller's business and are not logged here.
 */
export function errorInterceptor(log: Logger): Interceptor {
  return (next) => async (request) => {
    const requestId = request.contextValues.get(requestIdKey);
    const map = (error: unknown): ConnectError => {
      const mapped = toConnectError(error, requestId);
      const fields = { request_id: requestId, rpc_method: request.method.name, err: mapped.cause ?? mapped };
      if (mapped.code === Code.Internal) log.error(fields, "call failed");
      else if (mapped.code === Code.Unavailable) log.warn(fields, "call unavailable");
      return mapped;
    };
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: mapErrors(response.message, map) } : response;
    } catch (error) {
      throw map(error);
    }
  };
}

async function* mapErrors<T>(source: AsyncIterable<T>, map: (error: unknown) => ConnectError) {
  try {
    yield* source;
  } catch (error) {
    throw map(error);
  }
}
