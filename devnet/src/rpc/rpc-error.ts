import type { ErrorVariant } from "../chain/errors.ts";

/**
 * An error as NEAR's JSON-RPC answers it (https://docs.near.org/api/rpc/errors; nearcore
 * chain/jsonrpc-primitives/src/errors.rs), and its HTTP status: 400 for requests that cannot be read, 408 for timeouts, 500
 * for internal errors, 200 for the rest (chain/jsonrpc/src/lib.rs, rpc_handler).
 */
export class RpcError extends Error {
  readonly body: Readonly<Record<string, unknown>>;
  readonly httpStatus: number;

  constructor(body: Readonly<Record<string, unknown>>, httpStatus = 200) {
    super(String(body.message));
    this.body = body;
    this.httpStatus = httpStatus;
  }
}

/** A handler's error: `cause.name` says which, `data` is what old clients read. */
export function handlerError(name: string, info: object, data: unknown, httpStatus = 200): RpcError {
  const body = { name: "HANDLER_ERROR", cause: { name, info }, code: -32000, message: "Server error", data };
  return new RpcError(body, httpStatus);
}

/** send_tx's refusal (RpcTransactionError::InvalidTransaction). */
export function invalidTransaction(error: ErrorVariant): RpcError {
  return handlerError("INVALID_TRANSACTION", {}, { TxExecutionError: { InvalidTxError: error } });
}

/** The node's own limit on waiting for a transaction ran out (RpcTransactionError::TimeoutError, HTTP 408). */
export function timeoutError(): RpcError {
  return handlerError("TIMEOUT_ERROR", {}, "Timeout", 408);
}

export function unknownTransaction(hash: string): RpcError {
  return handlerError(
    "UNKNOWN_TRANSACTION",
    { requested_transaction_hash: hash },
    `Transaction ${hash} doesn't exist`,
  );
}

/** Parameters that cannot be read (RpcRequestValidationErrorKind::ParseError). */
export function parseError(message: string): RpcError {
  return validationError(
    { name: "PARSE_ERROR", info: { error_message: message } },
    -32700,
    "Parse error",
    message,
  );
}

export function methodNotFound(method: string): RpcError {
  const cause = { name: "METHOD_NOT_FOUND", info: { method_name: method } };
  return validationError(cause, -32601, "Method not found", method);
}

function validationError(cause: object, code: number, message: string, data: string): RpcError {
  return new RpcError({ name: "REQUEST_VALIDATION_ERROR", cause, code, message, data }, 400);
}

/** A node's fault, also what the fault switches answer with. */
export function internalError(message: string): RpcError {
  return new RpcError(
    {
      name: "INTERNAL_ERROR",
      cause: { name: "INTERNAL_ERROR", info: { error_message: message } },
      code: -32603,
      message: "Internal error",
      data: message,
    },
    500,
  );
}
