import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { requestIdKey } from "./call-context.ts";
import type { UnreadCall } from "./call-gate.ts";
import { errorFromConnect } from "./connect-errors.ts";
import { DomainError } from "./domain-error.ts";
import type { Gate } from "./gate.ts";
import { standardInterceptors } from "./interceptors/standard.ts";
import { createLogger } from "./log.ts";
import { serveRpc } from "./rpc-server.ts";

/** A server without a service of its own. What its gate was asked about and what no interceptor saw are kept. */
async function start(gate: Gate = async () => undefined) {
  const [asked, unread, lines]: [string[], UnreadCall[], string[]] = [[], [], []];
  const log = createLogger("test", "debug", { write: (line) => void lines.push(line) });
  const stopping = new AbortController();
  const server = await serveRpc({
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    services: [],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: { defaultDeadlineMs: 10_000, maxDeadlineMs: 60_000, readMaxBytes: 1024 },
    gate: async (context) => {
      asked.push(new URL(context.url).pathname);
      await gate(context);
    },
    onUnread: (call) => void unread.push(call),
    log,
    stopping,
  });
  onTestFinished(() => server.drain(0));
  return { address: server.address, asked, unread, lines };
}

const closed: Gate = async () => {
  throw new DomainError(ErrorReason.PEER_NOT_ALLOWED, "not you");
};

const PROTOCOLS: Record<string, (baseUrl: string) => Transport> = {
  "Connect JSON over HTTP/1.1": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect binary over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect GET": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true }),
  "gRPC over HTTP/2": (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
};

const HEADERS = { headers: { "x-request-id": "my-request" } };

type Relay = ReturnType<typeof createClient<typeof RelayService>>;
const CALLS: Record<string, (relay: Relay) => Promise<unknown>> = {
  GetSubmission: (relay) => relay.getSubmission({ submissionId: "s" }, HEADERS),
  WatchSubmission: async (relay) => {
    for await (const _ of relay.watchSubmission({ submissionId: "s" }, HEADERS));
  },
};

describe.each(Object.entries(PROTOCOLS))("a method that is not served, over %s", (_, transportTo) => {
  test.each(Object.entries(CALLS))("%s: the gate is asked, then METHOD_UNKNOWN", async (name, call) => {
    const { address, asked, unread } = await start();
    const failure = await call(createClient(RelayService, transportTo(address))).catch(errorFromConnect);
    const path = `/countersign.relay.v1.RelayService/${name}`;
    expect(failure).toMatchObject({ code: Code.Unimplemented, reason: ErrorReason.METHOD_UNKNOWN });
    expect(failure).toMatchObject({ message: `no method is served at ${path}` });
    expect(asked).toEqual([path]);
    expect(unread.map(({ requestId, error }) => [requestId, errorFromConnect(error)])).toEqual([
      ["my-request", failure],
    ]);
  });

  test.each(Object.entries(CALLS))("%s: who is not let in learns nothing of it", async (_name, call) => {
    const { address } = await start(closed);
    const failure = await call(createClient(RelayService, transportTo(address))).catch(errorFromConnect);
    expect(failure).toMatchObject({ reason: ErrorReason.PEER_NOT_ALLOWED, message: "not you" });
  });
});

test.each<[string, RequestInit]>([
  ["a browser", {}],
  ["a form", { method: "POST", headers: { "content-type": "multipart/form-data" }, body: "a" }],
  ["a gRPC codec that nobody knows", { method: "PUT", headers: { "content-type": "application/grpc+x" } }],
  ["a message in the URL", { headers: { "content-type": "application/json" } }],
])("%s gets 404 and the reason in JSON, from any path", async (_, request) => {
  const { address, asked } = await start();
  const paths = [
    "/",
    "/favicon.ico",
    "/countersign.UnknownService/Unknown",
    "/a?encoding=json&message=%7B%7D",
  ];
  for (const path of paths) {
    const response = await fetch(address + path, request);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/json");
    const id = response.headers.get("x-request-id");
    expect(await response.json()).toMatchObject({
      code: "unimplemented",
      details: [{ debug: { reason: "METHOD_UNKNOWN", domain: "countersign", metadata: { request_id: id } } }],
    });
  }
  expect(asked).toEqual(paths.map((path) => path.split("?")[0]));
});

test("a long path is not repeated whole, and its body is not waited for", async () => {
  const { address, unread } = await start();
  const session = http2.connect(address);
  onTestFinished(() => session.destroy());
  const path = `/${"a".repeat(8000)}`;
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/json" });
  const answer = JSON.parse(await text(stream));
  expect(answer.message).toBe(`no method is served at ${path.slice(0, 128)}`);
  expect(unread.map(({ service, method }) => `${service}/${method}`)).toEqual([
    "countersign.UnknownService/Unknown",
  ]);
});

test("the request's id is there for the gate", async () => {
  const ids: string[] = [];
  const { address } = await start(async ({ values }) => void ids.push(values.get(requestIdKey)));
  await fetch(`${address}/nothing`, HEADERS);
  expect(ids).toEqual(["my-request"]);
});
