import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { CountersignError, errorOf } from "../../countersign-error.ts";
import { EmbeddedWalletError, frameError } from "../embedded-wallet-error.ts";

const MAX_MESSAGE = 500;

/** What an application is told of whatever was thrown. Of mistakes it hears nothing more: their message might say too much. */
export function answerError(thrown: unknown, signal: AbortSignal): EmbeddedWalletError {
  if (signal.aborted) return frameError("CANCELLED", "cancelled");
  if (thrown instanceof EmbeddedWalletError) return thrown;
  if (!(thrown instanceof CountersignError) && !(thrown instanceof ConnectError)) {
    return frameError("INTERNAL", "the wallet made a mistake", { cause: thrown });
  }
  const { reason, code, message } = errorOf(thrown);
  if (code === Code.Canceled) return frameError("CANCELLED", "cancelled", { cause: thrown });
  return new EmbeddedWalletError(reason, codeToString(code), message.slice(0, MAX_MESSAGE), {
    cause: thrown,
  });
}
