import { Code } from "@connectrpc/connect";
import type { CountersignError } from "../countersign-error.ts";

/** Codes of a relay that is away, too slow or broken, or whose answer is garbage or a lie. */
const BROKEN: readonly Code[] = [
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Internal,
  Code.DataLoss,
  Code.Unknown,
];

/** Codes that Connect makes of the statuses 401, 403 and 404: without a reason, something else than a relay answered. */
const STATUSES: readonly Code[] = [Code.Unauthenticated, Code.PermissionDenied, Code.Unimplemented];

/** Whether the relay has failed, and not refused: whoever refuses with a reason works. */
export function isRelayFailure({ code, reason }: CountersignError): boolean {
  return BROKEN.includes(code) || (reason === "UNSPECIFIED" && STATUSES.includes(code));
}
