import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import grpc from "@grpc/grpc-js";
import { GrpcReflection } from "grpc-js-reflection-client";
import { describe, expect, onTestFinished, test } from "vitest";
import { unexpected } from "../transport/small-relay.ts";
import { startGatedRelay } from "./support/gated-relay.ts";
import { apiKey, Protection, tenant } from "./support/protection.ts";

const { key, text } = apiKey("acme");
const start = () => startGatedRelay(new Protection({ tenants: [tenant("acme")], keys: [key] }));

const TRANSPORTS: Record<string, (baseUrl: string) => Transport> = {
  "Connect over HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect GET": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true }),
  "gRPC over HTTP/2": (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
};

describe.each(Object.entries(TRANSPORTS))("%s", (_, transportTo) => {
  async function client() {
    const relay = await start();
    const seen: { headers: Headers } = { headers: new Headers() };
    const onHeader = (headers: Headers) => {
      seen.headers = headers;
    };
    return { seen, onHeader, client: createClient(RelayService, transportTo(relay.address)) };
  }

  test("a key lets unary calls and streams in, and the answer states the rates", async () => {
    const { client: relay, seen, onHeader } = await client();
    const options = { headers: { "x-api-key": text }, onHeader };
    await relay.getSubmission({ submissionId: "s" }, options);
    expect(seen.headers.get("ratelimit")).toMatch(/^"ip";r=999;t=1, "\w+";r=999;t=1$/);
    const cursors: string[] = [];
    for await (const { cursor } of relay.watchSubmission({ submissionId: "s" }, options))
      cursors.push(cursor);
    expect(cursors).toEqual(["1", "2"]);
  });

  test("an anonymous call is refused, and told the rates", async () => {
    const { client: relay } = await client();
    const error = await relay.getSubmission({ submissionId: "s" }).then(unexpected, ConnectError.from);
    expect(errorFromConnect(error).reason).toBe(ErrorReason.CREDENTIALS_MISSING);
    expect(error.metadata.get("ratelimit-policy")).toContain('"ip";q=1000;w=1');
  });

  test("an anonymous stream is refused, and told the rates", async () => {
    const { client: relay, seen, onHeader } = await client();
    const stream = relay.watchSubmission({ submissionId: "s" }, { onHeader })[Symbol.asyncIterator]();
    const error = await stream.next().then(unexpected, ConnectError.from);
    expect(errorFromConnect(error).reason).toBe(ErrorReason.CREDENTIALS_MISSING);
    const policy = seen.headers.get("ratelimit-policy") ?? error.metadata.get("ratelimit-policy");
    expect(policy).toContain('"ip";q=1000;w=1');
  });
});

const PATH = "/countersign.relay.v1.RelayService/SubmitDelegate";
const TYPES = [
  "application/json",
  "application/proto",
  "application/grpc",
  "application/grpc-web",
  "application/grpc-web+json",
];
/** Announces a message that never comes to an end. */
const BODY_START = Buffer.from([0, 0, 3, 0, 0, 10]);

test.each(TYPES)("an anonymous call of type %s is refused over HTTP/2 without its body", async (type) => {
  const relay = await start();
  const session = http2.connect(relay.address);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": PATH, "content-type": type });
  stream.on("error", () => undefined);
  stream.write(BODY_START);
  await once(stream, "response");
  expect(relay.refused).toMatchObject([
    { reason: ErrorReason.CREDENTIALS_MISSING, method: "SubmitDelegate" },
  ]);
});

// gRPC needs HTTP/2.
const HTTP1_TYPES = TYPES.filter((type) => type !== "application/grpc");

test.each(HTTP1_TYPES)(
  "an anonymous call of type %s is refused over HTTP/1.1 without its body",
  async (type) => {
    const relay = await start();
    const headers = { "content-type": type, "content-length": "200000" };
    const request = http.request(relay.address + PATH, { method: "POST", headers });
    onTestFinished(() => void request.destroy());
    request.on("error", () => undefined).write(BODY_START);
    await once(request, "response");
    expect(relay.refused).toMatchObject([
      { reason: ErrorReason.CREDENTIALS_MISSING, method: "SubmitDelegate" },
    ]);
  },
);

test("reflection is open to everybody, over gRPC", async () => {
  const { address } = await start();
  const reflection = new GrpcReflection(new URL(address).host, grpc.credentials.createInsecure());
  expect(await reflection.listServices()).toContain("countersign.relay.v1.RelayService");
});
