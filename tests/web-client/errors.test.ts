import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ErrorInfoSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";
import { CountersignError, createRelayClient, errorOf } from "@countersign/web";
import { afterEach, describe, expect, it } from "vitest";
import { PROTOCOLS } from "./protocols.ts";
import { bareError, refusal, type ScriptedRelay, startScriptedRelay } from "./scripted-relay.ts";

let relay: ScriptedRelay;
afterEach(() => relay.stop());

describe.each(PROTOCOLS)("over %s, the error of a call", (_, protocol) => {
  async function thrownFor(error: ConnectError): Promise<unknown> {
    relay = await startScriptedRelay({
      getSubmission: () => {
        throw error;
      },
    });
    const client = createRelayClient({ baseUrl: relay.baseUrl, retry: { attempts: 1 }, ...protocol });
    return client.getSubmission({ submissionId: "sub_1" }).then(
      () => expect.fail("it should have failed"),
      (thrown: unknown) => thrown,
    );
  }

  it("says reason, code, message, request id and when to come back", async () => {
    const error = await thrownFor(refusal(ErrorReason.RATE_LIMITED, 1250));
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({
      reason: "RATE_LIMITED",
      code: Code.ResourceExhausted,
      message: "as scripted",
      requestId: "req-7",
      retryAfterMs: 1250,
    });
    const { cause } = errorOf(error);
    expect(cause).toBeInstanceOf(ConnectError);
  });

  it("has no reason when a proxy answered, but the request id of the header", async () => {
    expect(await thrownFor(bareError(Code.PermissionDenied, { "X-Request-Id": "edge-1" }))).toMatchObject({
      reason: "UNSPECIFIED",
      code: Code.PermissionDenied,
      requestId: "edge-1",
      retryAfterMs: undefined,
    });
  });

  it.each([
    ["that this version does not know", { domain: "countersign", reason: "FROM_THE_FUTURE" }],
    ["of another domain", { domain: "googleapis.com", reason: "RATE_LIMITED" }],
  ])("has no reason for one %s", async (_, value) => {
    const error = new ConnectError("no", Code.Aborted, undefined, [{ desc: ErrorInfoSchema, value }]);
    expect(await thrownFor(error)).toMatchObject({ reason: "UNSPECIFIED", code: Code.Aborted });
  });
});
