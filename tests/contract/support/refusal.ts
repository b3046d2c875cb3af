import { randomUUID } from "node:crypto";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  ErrorInfoSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "@countersign/gen/google/rpc/error_details_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { expect } from "vitest";
import { promisedError } from "./promised-errors.ts";

/** A call that is made with the options given. */
export type Call = (options: { headers: Record<string, string> } & CallOptions) => Promise<unknown>;

/** Makes the call and expects the error that the contract promises for `reason`, with all its details. */
export async function expectRefusal(call: Call, reason: ErrorReason): Promise<void> {
  const requestId = randomUUID();
  const error = await call({ headers: { "x-request-id": requestId } }).then(
    () => expect.fail(`the call should have been refused with ${reasonName(reason)}`),
    (thrown) => ConnectError.from(thrown),
  );
  const { code, retryInfo, quotaFailure } = promisedError(reason);
  const [info, ...others] = error.findDetails(ErrorInfoSchema);
  expect(info, error.message).toMatchObject({
    reason: reasonName(reason),
    domain: "countersign",
    metadata: { request_id: requestId },
  });
  expect(others).toEqual([]);
  expect(Code[error.code]).toBe(Code[code ?? Code.Unknown]);
  expect(error.rawMessage).not.toBe("");
  const delays = error.findDetails(RetryInfoSchema).map(({ retryDelay }) => retryDelay);
  expect(delays).toHaveLength(retryInfo ? 1 : 0);
  for (const delay of delays) expect((delay?.seconds ?? 0n) > 0n || (delay?.nanos ?? 0) > 0).toBe(true);
  if (quotaFailure) {
    const [quota] = error.findDetails(QuotaFailureSchema).flatMap(({ violations }) => violations);
    expect(quota).toMatchObject({
      subject: expect.stringMatching(/./),
      description: expect.stringMatching(/./),
    });
  }
  const preconditions = error.findDetails(PreconditionFailureSchema).flatMap(({ violations }) => violations);
  expect(preconditions.map(({ type }) => type)).toEqual(
    code === Code.FailedPrecondition ? [reasonName(reason)] : [],
  );
}
