import { inspect } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";
import { expect, test } from "vitest";
import { errorFromConnect, toConnectError } from "./connect-errors.ts";
import { DomainError } from "./domain-error.ts";

test("an unavailable dependency names a wait even when nobody set one", () => {
  const error = toConnectError(new DomainError(ErrorReason.LEDGER_UNAVAILABLE, "no ledger"), "r1");
  expect(errorFromConnect(error)).toMatchObject({ code: Code.Unavailable, retryAfterMs: 1000 });
});

test("a full queue names its wait to the millisecond", () => {
  const full = new DomainError(ErrorReason.QUEUE_FULL, "queue full", { retryAfterMs: 1500 });
  const error = toConnectError(full, "r1");
  expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({
    seconds: 1n,
    nanos: 500_000_000,
  });
});

test("an error that another service sent is not passed on to the caller", () => {
  const upstream = new ConnectError("key file /etc/keys is broken", Code.NotFound);
  upstream.isWireError = true;
  const error = toConnectError(upstream, "r1");
  expect(error).toMatchObject({ code: Code.Internal, rawMessage: "internal error", cause: upstream });
});

test("the private cause stays private and reachable", () => {
  const cause = new Error("password is hunter2");
  const error = toConnectError(new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "no signer", { cause }), "r1");
  expect(inspect([error.rawMessage, error.details.map((d) => d.value)], { depth: 9 })).not.toContain(
    "hunter2",
  );
  expect((error.cause as Error).cause).toBe(cause);
});

test("an error without our details has no reason", () => {
  const foreign = new ConnectError("bad gateway", Code.Unavailable, undefined, [
    { desc: ErrorInfoSchema, value: { reason: "QUEUE_FULL", domain: "proxy.example" } },
  ]);
  expect(errorFromConnect(foreign)).toEqual({
    reason: undefined,
    code: Code.Unavailable,
    message: "bad gateway",
    retryAfterMs: undefined,
  });
});
