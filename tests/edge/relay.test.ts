import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-node";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@countersign/gen/health/v1/health_pb.ts";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { TENANT } from "../lock/relay/support/lock-relay.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { dryRun, PREPARING_MS, prepareWorker } from "./support/bundle.ts";
import {
  edgeAdmin,
  edgeTransport,
  makeEdgeKey,
  OPERATOR_SECRET,
  PLATFORM,
  startEdge,
} from "./support/edge-relay.ts";

beforeAll(prepareWorker, PREPARING_MS);

const GET_KEY_INFO = `${LockService.typeName}/GetKeyInfo`;

const post = (url: string, body: RequestInit["body"], headers: Record<string, string> = {}) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    duplex: "half",
  } as RequestInit);

test("it speaks gRPC-Web and Connect's GET, takes gzip, and answers with the request's id", async () => {
  const { address } = await startEdge();
  const keyId = await makeEdgeKey(address);
  const web = createClient(LockService, createGrpcWebTransport({ baseUrl: address, httpVersion: "1.1" }));
  expect((await web.getKeyInfo({ tenant: TENANT })).keys[0]?.keyId).toBe(keyId);
  const query = new URLSearchParams({ encoding: "json", message: JSON.stringify({ tenant: TENANT }) });
  const got = await fetch(`${address}/${GET_KEY_INFO}?${query}`, { headers: { "x-request-id": "mine-1" } });
  expect([got.status, got.headers.get("x-request-id")]).toEqual([200, "mine-1"]);
  const body = gzipSync(JSON.stringify({ tenant: TENANT }));
  const zipped = await post(`${address}/${GET_KEY_INFO}`, body, { "content-encoding": "gzip" });
  expect(await zipped.json()).toMatchObject({ keys: [{ keyId }] });
});

test("gRPC, whose trailers cannot be sent, is refused before anything is done", async () => {
  const { address } = await startEdge();
  const answer = await fetch(`${address}/${SignerAdminService.typeName}/RotateLockKey`, {
    method: "POST",
    headers: { "content-type": "application/grpc", authorization: `Bearer ${OPERATOR_SECRET}` },
    // An envelope, and in it suite 1.
    body: new Uint8Array([0, 0, 0, 0, 2, 8, 1]),
  });
  expect(answer.status).toBe(415);
  expect((await edgeAdmin(address).listLockKeys({})).keys).toEqual([]);
});

test("a body that is too large is refused, announced or not, and so is one that becomes it", async () => {
  const { address } = await startEdge({ relay: { limits: { read_max_bytes: 4096 } } });
  const url = `${address}/${GET_KEY_INFO}`;
  const large = JSON.stringify({ tenant: "x".repeat(10_000) });
  const pieces = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 6; i++) controller.enqueue(new TextEncoder().encode("x".repeat(1000)));
      controller.close();
    },
  });
  const answers = [
    await post(url, large),
    await post(url, pieces),
    await post(url, gzipSync(large), { "content-encoding": "gzip" }),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(429);
    expect(await answer.text()).toContain("REQUEST_TOO_LARGE");
  }
});

test("health serves, and knows its services", async () => {
  const { address } = await startEdge();
  const health = createClient(Health, edgeTransport(address));
  for (const service of ["", LockService.typeName]) {
    expect((await health.check({ service })).status).toBe(Status.SERVING);
  }
  expect(await outcomeOf(health.check({ service: "nothing" }))).toBe("unknown service");
  const unserved = createClient(Health, createGrpcWebTransport({ baseUrl: address, httpVersion: "1.1" }));
  const watching = async () => {
    for await (const _ of unserved.watch({})) return;
  };
  expect(await outcomeOf(watching())).toBe("METHOD_UNKNOWN");
});

test("a path that is none is 404, in RPC's words", async () => {
  const { address } = await startEdge();
  const answer = await fetch(`${address}/nothing/here`);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain("METHOD_UNKNOWN");
  expect((await post(`${address}/countersign.session.v1.SessionService/GetUser`, "{}")).status).toBe(404);
});

test("related origins are told to the relying party's own host", async () => {
  const { address } = await startEdge({
    relay: {
      tenants: [
        {
          id: "acme",
          sign_in: { relying_parties: [{ id: "localhost", origins: ["https://other.example"] }] },
        },
      ],
    },
  });
  const { port } = new URL(address);
  const answer = await fetch(`http://localhost:${port}/.well-known/webauthn`);
  expect(await answer.json()).toEqual({ origins: ["https://other.example"] });
});

test.each([
  ["no JSON", "{", "RELAY: is not JSON"],
  ["a key that nobody knows", { cors: { origin: [] } }, "cors: origin is not a known key"],
  ["a secret that is not set", { lock: { sealing_keys: ["env:MISSING"] } }, "env:MISSING is not set"],
  ["a secret in its own place", { lock: { sealing_keys: ["ab".repeat(32)] } }, "must be a reference"],
  [
    "a tenant with an odd origin",
    { tenants: [{ id: "acme", policy: { allowed_origins: ["x"] } }] },
    "origin",
  ],
  ["no tenants", { tenants: [] }, "tenants"],
  [
    "a contract to ask and nowhere to",
    {
      session: {
        issuer: "https://r.example",
        signing_keys: [{ id: "k", seed: "env:LOCK_SEALING_KEY" }],
        contract_verification: { contract: "c.near", method: "m" },
      },
    },
    "needs near.endpoints",
  ],
])("a configuration with %s is answered with 503, and told to the log", async (_, relay, problem) => {
  const { address, logged } = await startEdge({ relay });
  for (const path of ["", GET_KEY_INFO]) expect((await post(`${address}/${path}`, "{}")).status).toBe(503);
  await expect.poll(logged).toContain(problem);
  expect(logged()).toContain("configuration cannot be used");
  expect(logged()).not.toContain("ab".repeat(32));
});

test("calls for a relay with funds are handed on as they come, both ways", async () => {
  const seen: string[] = [];
  const told: IncomingHttpHeaders[] = [];
  const upstream = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    seen.push(`${method} ${url}`);
    told.push(headers);
    response.writeHead(200, { "content-type": "application/connect+json", "x-request-id": "theirs" });
    // Each piece is answered before the next one comes.
    request.on("data", (piece: Buffer) => void response.write(`<${piece}>`));
    request.on("end", () => response.end("end"));
  });
  await new Promise<void>((listening) => upstream.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void upstream.close());
  const { port } = upstream.address() as AddressInfo;
  const { address } = await startEdge({ relay: { upstream: `http://127.0.0.1:${port}` } });
  let send: (piece: string | undefined) => void = () => undefined;
  const body = new ReadableStream({
    start(controller) {
      send = (piece) => {
        if (piece === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(piece));
      };
    },
  });
  const liars = ["x-forwarded-for", "x-real-ip", "true-client-ip", "proxy-authorization"];
  const headers = {
    ...Object.fromEntries(liars.map((name) => [name, "1.1.1.1"])),
    "cf-connecting-ip": "203.0.113.9",
    cookie: "__Host-cs_session=s; __Host-cs_refresh=r;a=b; __Host-cs_oidc=o",
  };
  send("one");
  const answer = await post(
    `${address}/countersign.relay.v1.RelayService/WatchSubmission?a=b`,
    body,
    headers,
  );
  expect(answer.headers.get("x-request-id")).toBe("theirs");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader?.read())?.value;
  expect(await next()).toBe("<one>");
  send("two");
  expect(await next()).toBe("<two>");
  send(undefined);
  expect(await next()).toBe("end");
  expect(seen).toEqual(["POST /countersign.relay.v1.RelayService/WatchSubmission?a=b"]);
  expect(liars.map((name) => told[0]?.[name])).toEqual(["203.0.113.9", undefined, undefined, undefined]);
  // What renews a session, or ends a sign-in, is for its own relay alone.
  expect(told[0]?.cookie).toBe("__Host-cs_session=s; a=b");
  // What is served here stays here.
  expect((await post(`${address}/${GET_KEY_INFO}`, "{}")).headers.get("x-request-id")).not.toBe("theirs");
  expect(seen).toHaveLength(1);
});

test.each(["relay1", "relay2"] as const)(
  "wrangler takes the configuration of %s",
  async (relay) => {
    const file = join(import.meta.dirname, `../../edge/wrangler.${relay}.jsonc`);
    const config = JSON.parse(readFileSync(file, "utf8").replace(/^\s*\/\/.*$/gm, ""));
    expect(config).toMatchObject({
      compatibility_date: PLATFORM.compatibilityDate,
      compatibility_flags: PLATFORM.compatibilityFlags,
    });
    const { script, output } = await dryRun(relay);
    for (const name of ["LOCK_KEYS", "LIMITS", "SESSIONS"]) expect(output).toContain(`env.${name}`);
    expect(output).not.toContain("WARNING");
    // Of 3 MiB that a free plan takes.
    expect(gzipSync(script).length).toBeLessThan(1024 * 1024);
    // With its secrets, the Worker takes the variable too.
    const variables = {
      LOCK_SEALING_KEY: "cd23".repeat(16),
      OPERATOR_SECRET: "o".repeat(32),
      SESSION_SEED: "ef01".repeat(16),
    };
    const { address } = await startEdge({
      relay: JSON.stringify(config.vars.RELAY),
      variables: { ...variables, NODE_ENV: config.vars.NODE_ENV },
    });
    const query = new URLSearchParams({ encoding: "json", message: JSON.stringify({ tenant: "acme" }) });
    expect(await (await fetch(`${address}/${GET_KEY_INFO}?${query}`)).text()).toContain("LOCK_DISABLED");
    expect((await fetch(`${address}/.well-known/jwks.json`)).status).toBe(200);
  },
  PREPARING_MS,
);
