import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { expect, test } from "vitest";
import { startPublicRelay } from "./public-relay.ts";

const WALLET = "https://wallet.example";
const PATH = "/countersign.relay.v1.RelayService/GetRelayInfo";

function preflight(address: string, origin: string) {
  return fetch(address + PATH, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,connect-protocol-version,idempotency-key",
    },
  });
}

function corsHeaders(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
}

test("a listed origin's preflight allows what Connect, gRPC-Web and we need", async () => {
  const relay = await startPublicRelay([WALLET, "https://other.example"]);
  const response = await preflight(relay.address, WALLET);
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe(WALLET);
  expect(response.headers.get("access-control-allow-methods")).toBe("POST, GET");
  expect(response.headers.get("access-control-max-age")).toBe("7200");
  expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  expect(response.headers.get("vary")).toBe("Origin");
  const allowed = response.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
  expect(allowed).toEqual(
    expect.arrayContaining([
      "content-type",
      "connect-protocol-version",
      "connect-timeout-ms",
      "x-grpc-web",
      "grpc-timeout",
      "authorization",
      "x-api-key",
      "x-end-user",
      "x-tenant",
      "idempotency-key",
      "x-request-id",
    ]),
  );
});

test.each([
  "https://evil.example",
  "https://wallet.example.evil.example",
  "http://wallet.example",
  "https://wallet.example:8443",
  "null",
])("the preflight of %s, which is not listed, is refused without naming any origin", async (origin) => {
  const relay = await startPublicRelay([WALLET]);
  const response = await preflight(relay.address, origin);
  expect(response.status).toBe(403);
  expect(corsHeaders(response)).toEqual([]);
});

test("a listed origin may read answers, errors and request ids", async () => {
  const relay = await startPublicRelay([WALLET]);
  const headers = { origin: WALLET, "content-type": "application/json" };
  const response = await fetch(relay.address + PATH, { method: "POST", headers, body: "{}" });
  expect(response.status).toBe(200);
  expect(response.headers.get("access-control-allow-origin")).toBe(WALLET);
  expect(response.headers.get("access-control-expose-headers")?.toLowerCase().split(", ")).toEqual(
    expect.arrayContaining([
      "grpc-status",
      "grpc-message",
      "grpc-status-details-bin",
      "x-request-id",
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
    ]),
  );
});

test("errors before any RPC carry the headers too, so that a page can read them", async () => {
  const relay = await startPublicRelay([WALLET]);
  const response = await fetch(`${relay.address}/nothing`, { method: "POST", headers: { origin: WALLET } });
  expect(response.status).toBe(404);
  expect(response.headers.get("access-control-allow-origin")).toBe(WALLET);
});

test.each([
  ["no origin", {}],
  ["an origin that is not listed", { origin: "https://evil.example" }],
])("a call with %s gets no CORS headers", async (_, origin) => {
  const relay = await startPublicRelay([WALLET]);
  const headers = { "content-type": "application/json", ...origin };
  const response = await fetch(relay.address + PATH, { method: "POST", headers, body: "{}" });
  expect(response.status).toBe(200);
  expect(corsHeaders(response)).toEqual([]);
  // A cache must not give this answer to a listed origin.
  expect(response.headers.get("vary")).toBe("Origin");
});

test("where cookies are taken, listed origins alone are told so", async () => {
  const relay = await startPublicRelay([WALLET], true);
  const told = async (origin: string) =>
    (await preflight(relay.address, origin)).headers.get("access-control-allow-credentials");
  expect(await told(WALLET)).toBe("true");
  expect(await told("https://evil.example")).toBeNull();
});

test("without configured origins nobody is let in", async () => {
  const relay = await startPublicRelay();
  expect((await preflight(relay.address, WALLET)).status).toBe(403);
});

test("connect-web's gRPC-Web transport calls through it", async () => {
  const relay = await startPublicRelay([WALLET]);
  const transport = createGrpcWebTransport({
    baseUrl: relay.address,
    interceptors: [
      (next) => (request) => {
        request.header.set("origin", WALLET);
        return next(request);
      },
    ],
  });
  expect((await createClient(RelayService, transport).getRelayInfo({})).network).toBe("testnet");
});
