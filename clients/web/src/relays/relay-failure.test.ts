import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { CountersignError, type ErrorReasonName } from "../countersign-error.ts";
import { isRelayFailure } from "./relay-failure.ts";

it.each<[Code, ErrorReasonName, boolean]>([
  [Code.Unavailable, "UNSPECIFIED", true],
  [Code.Unavailable, "SIGNER_UNAVAILABLE", true],
  [Code.DeadlineExceeded, "UNSPECIFIED", true],
  [Code.Internal, "UNSPECIFIED", true],
  [Code.DataLoss, "UNSPECIFIED", true],
  [Code.Unknown, "UNSPECIFIED", true],
  [Code.Unimplemented, "UNSPECIFIED", true],
  [Code.PermissionDenied, "UNSPECIFIED", true],
  [Code.PermissionDenied, "ORIGIN_NOT_ALLOWED", false],
  [Code.NotFound, "LOCK_KEY_UNKNOWN", false],
  [Code.FailedPrecondition, "LOCK_DISABLED", false],
  [Code.ResourceExhausted, "RATE_LIMITED", false],
  [Code.FailedPrecondition, "UNSPECIFIED", false],
  [Code.Canceled, "UNSPECIFIED", false],
])("code %s with reason %s: %s", (code, reason, isFailure) => {
  expect(isRelayFailure(new CountersignError("", { code, reason }))).toBe(isFailure);
});
