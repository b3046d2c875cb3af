import { createClient } from "@connectrpc/connect";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { beforeAll, expect, test } from "vitest";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { UNBOUNDED_RATES } from "../support/test-relay.ts";
import { PREPARING_MS, prepareWorker } from "./support/bundle.ts";
import { type EdgeOptions, edgeTransport, startEdge } from "./support/edge-relay.ts";

beforeAll(prepareWorker, PREPARING_MS);

/** A relay at the edge that lets an address call three times, and as good as never again. */
const startBounded = (options: EdgeOptions = {}) =>
  startEdge({
    ...options,
    variables: { SEED: "ef01".repeat(16) },
    relay: {
      rates: { ...UNBOUNDED_RATES, ip: { per_second: 0.0001, burst: 3 } },
      session: { issuer: "https://relay.example", signing_keys: [{ id: "k1", seed: "env:SEED" }] },
    },
  });

const callsFrom = (address: string, caller: string) =>
  createClient(SessionService, edgeTransport(address, { "cf-connecting-ip": caller }));

test("a call takes one token of its address, which its headers tell of, and without one it is refused", async () => {
  const { address } = await startBounded();
  const client = callsFrom(address, "203.0.113.9");
  const outcomes = [];
  for (let i = 0; i < 4; i++) outcomes.push(await outcomeOf(client.getUser({})));
  expect(outcomes).toEqual([...Array(3).fill("CREDENTIALS_MISSING"), "RATE_LIMITED"]);
  const call = (caller: string, path: string) =>
    fetch(`${address}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "cf-connecting-ip": caller },
      body: "{}",
    });
  const first = await call("203.0.113.10", `/${SessionService.typeName}/GetUser`);
  expect(first.headers.get("ratelimit-policy")).toMatch(/^"ip";q=3;w=30000, /);
  expect(first.headers.get("ratelimit")).toMatch(/^"ip";r=2;t=10000, /);
  const refused = await call("203.0.113.9", `/${SessionService.typeName}/GetUser`);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await call("203.0.113.9", "/auth/test/start")).status).toBe(429);
});

test("a page of a redirect takes one token too", async () => {
  const { address } = await startBounded();
  const headers = { "cf-connecting-ip": "203.0.113.9" };
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await fetch(`${address}/auth/test/start`, { headers })).status);
  expect(statuses).toEqual([400, 400, 400, 429]);
});

test("refused calls do not reach the only object that all sessions are in", async () => {
  // An object of another class answers nobody: whoever reaches it is told so.
  const { address } = await startBounded({ classes: { SESSIONS: "RateLimitObject" } });
  const client = callsFrom(address, "203.0.113.9");
  const outcomes = [];
  for (let i = 0; i < 5; i++) outcomes.push(await outcomeOf(client.getUser({})));
  expect(outcomes.slice(0, 3)).not.toContain("RATE_LIMITED");
  expect(outcomes.slice(3)).toEqual(["RATE_LIMITED", "RATE_LIMITED"]);
});
