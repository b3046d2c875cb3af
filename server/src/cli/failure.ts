import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ConfigError, errorFromConnect, reasonName } from "@countersign/service-kit";
import { printable } from "./print.ts";
import { UsageError } from "./usage-error.ts";

const FAILED = 1;
const USED_WRONGLY = 2;

/** What the process ends with. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? USED_WRONGLY : FAILED;
}

/** Lines that tell the operator what is wrong. */
export function explain(error: unknown): string[] {
  if (error instanceof ConfigError) {
    return error.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  }
  if (error instanceof ConnectError) {
    const { reason, code, message } = errorFromConnect(error);
    const name = reason === undefined ? nameOf(error, code) : reasonName(reason);
    return [`${name}: ${printable(message)}`];
  }
  return [error instanceof Error ? error.message : String(error)];
}

/** Connect calls it an internal error when a socket is not there or a TLS handshake fails. */
function nameOf({ isWireError, cause }: ConnectError, code: Code): string {
  const unreached = code === Code.Internal && !isWireError && cause instanceof Error && "code" in cause;
  return codeToString(unreached ? Code.Unavailable : code).toUpperCase();
}
