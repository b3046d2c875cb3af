import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { ErrorInfoSchema, PreconditionFailureSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { describe, expect, test } from "vitest";
import { startSmallRelay, unexpected } from "./small-relay.ts";

const TRANSPORTS: Record<string, (baseUrl: string) => Transport> = {
  "Connect JSON over HTTP/1.1": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect binary over HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect binary over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect GET": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true }),
  "gRPC over HTTP/2": (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
};

describe.each(Object.entries(TRANSPORTS))("%s", (_, transportTo) => {
  async function client() {
    const relay = await startSmallRelay();
    return { relay, client: createClient(RelayService, transportTo(relay.address)) };
  }

  test("answers unary calls and streams on the one port", async () => {
    const { client: relay } = await client();
    expect((await relay.getRelayInfo({})).network).toBe("testnet");
    const signedDelegate = new Uint8Array(3000).fill(7);
    const { submission } = await relay.submitDelegate({ network: "testnet", signedDelegate });
    expect(submission?.id).toBe("sub_3000");
    const cursors: string[] = [];
    for await (const message of relay.watchSubmission({ submissionId: "sub_1" }))
      cursors.push(message.cursor);
    expect(cursors).toEqual(["1", "2"]);
  });

  test("tells a domain error by reason, code, request id and details", async () => {
    const { client: relay } = await client();
    const call = relay.createAccount(
      { network: "testnet", accountId: "a.app.near", publicKey: "ed25519:1" },
      { headers: { "x-request-id": "my-request:1" } },
    );
    const error = await call.then(unexpected, ConnectError.from);
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toBe("this relay creates no accounts");
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      {
        reason: "ACCOUNT_CREATION_DISABLED",
        domain: "countersign",
        metadata: { request_id: "my-request:1" },
      },
    ]);
    expect(error.findDetails(PreconditionFailureSchema)[0]?.violations[0]?.type).toBe(
      "ACCOUNT_CREATION_DISABLED",
    );
    expect(error.metadata.get("x-request-id")).toBe("my-request:1");
  });

  test("says when to retry what is unavailable", async () => {
    const { client: relay } = await client();
    const call = relay.getTransaction({ network: "testnet", hash: "1".repeat(44) });
    expect(await call.then(unexpected, errorFromConnect)).toEqual({
      reason: ErrorReason.CHAIN_UNAVAILABLE,
      code: Code.Unavailable,
      message: "no endpoint answered",
      retryAfterMs: 2500,
    });
  });

  test("hides an unforeseen error and logs it under the request id", async () => {
    const { client: relay, relay: server } = await client();
    const call = relay.checkDelegate({ network: "testnet", signedDelegate: new Uint8Array(1) });
    const error = await call.then(unexpected, ConnectError.from);
    expect(errorFromConnect(error)).toMatchObject({
      reason: ErrorReason.INTERNAL,
      message: "internal error",
    });
    const id = error.findDetails(ErrorInfoSchema)[0]?.metadata.request_id;
    const line = server.lines.map((l) => JSON.parse(l)).find((l) => l.request_id === id);
    expect(line).toMatchObject({ level: "error", err: { message: "a secret stands in this message" } });
  });

  test("refuses what breaks a field's rule, with the violations", async () => {
    const { client: relay } = await client();
    const call = relay.getSubmission({ submissionId: "x".repeat(65) });
    const error = await call.then(unexpected, ConnectError.from);
    expect(errorFromConnect(error)).toMatchObject({
      reason: ErrorReason.FIELD_INVALID,
      code: Code.InvalidArgument,
    });
    expect(error.rawMessage).toContain("submission_id");
    expect(error.details.map((d) => ("desc" in d ? d.desc.typeName : d.type))).toContain(
      "buf.validate.Violations",
    );
  });

  test("refuses a message that is too large with REQUEST_TOO_LARGE", async () => {
    const { client: relay } = await client();
    const call = relay.submitDelegate({ network: "testnet", signedDelegate: new Uint8Array(300_000) });
    expect(await call.then(unexpected, errorFromConnect)).toMatchObject({
      reason: ErrorReason.REQUEST_TOO_LARGE,
      code: Code.ResourceExhausted,
      retryAfterMs: undefined,
    });
  });

  test("refuses a deadline beyond the longest", async () => {
    const { client: relay } = await client();
    const call = relay.getRelayInfo({}, { timeoutMs: 61_000 });
    expect(await call.then(unexpected, errorFromConnect)).toMatchObject({
      reason: ErrorReason.FIELD_INVALID,
      code: Code.InvalidArgument,
    });
  });
});
