import { type Client, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { describe, expect, it, onTestFinished } from "vitest";
import { type OwnRedis, RELAY_PATIENCE_MS, redisServer, startRedis } from "../support/redis.ts";
import { keyHeaders, testKey } from "../support/tenants.ts";
import { startTestRelay, type TestRelay, withHeaders } from "../support/test-relay.ts";
import { OPEN_POLICY } from "../support/test-tenant.ts";

const OPEN = { per_second: 100_000, burst: 100_000 };
/** Refills by less than a call while a test runs. */
const slow = (burst: number) => ({ per_second: 0.001, burst });
const BURST = 12;

const KEYS = [testKey(61), testKey(62)];
const OTHER_TENANT = testKey(63);
const TENANTS = [
  { tenant: "acme", policy: OPEN_POLICY, keys: KEYS.map((minted) => ({ minted })) },
  { tenant: "globex", policy: OPEN_POLICY, keys: [{ minted: OTHER_TENANT }] },
];

const TRANSPORTS: readonly ((baseUrl: string, headers: Record<string, string>) => Transport)[] = [
  (baseUrl, headers) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [withHeaders(headers)] }),
  (baseUrl, headers) =>
    createConnectTransport({
      baseUrl,
      httpVersion: "2",
      useBinaryFormat: false,
      interceptors: [withHeaders(headers)],
    }),
  (baseUrl, headers) => createGrpcTransport({ baseUrl, interceptors: [withHeaders(headers)] }),
  (baseUrl, headers) =>
    createGrpcWebTransport({ baseUrl, httpVersion: "2", interceptors: [withHeaders(headers)] }),
];

async function relayWith(
  rates: Record<string, unknown>,
  more: Record<string, string> = {},
): Promise<TestRelay> {
  const all = { ip: OPEN, failed_auth: OPEN, tenant: OPEN, key: OPEN, user: OPEN, method: OPEN, ...rates };
  const relay = await startTestRelay({ tenants: TENANTS, settings: { rates: JSON.stringify(all), ...more } });
  onTestFinished(() => relay.stop());
  return relay;
}

/** A client with a transport of its own. */
function client(
  relay: TestRelay,
  headers: Record<string, string>,
  protocol = 1,
): Client<typeof RelayService> {
  const transport = TRANSPORTS[protocol];
  if (transport === undefined) throw new RangeError();
  return createClient(RelayService, transport(relay.app.address, headers));
}

/** Calls all at once; how many were let in. Whatever else comes must be RATE_LIMITED. */
async function letIn(calls: readonly Client<typeof RelayService>[]): Promise<number> {
  const answers = await Promise.all(
    calls.map((caller) =>
      caller.listSubmissions({}).then(
        () => "let in",
        (error: unknown) => errorFromConnect(error).reason,
      ),
    ),
  );
  const others = answers.filter((a) => a !== "let in" && a !== ErrorReason.RATE_LIMITED);
  expect(others).toEqual([]);
  return answers.filter((a) => a === "let in").length;
}

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Starts Redis for one test. */
async function ownRedis(): Promise<OwnRedis> {
  const redis = await startRedis();
  onTestFinished(() => redis.kill());
  return redis;
}

const overRedis = ({ url }: OwnRedis) => ({
  "redis.url": url,
  "redis.timeout_ms": String(RELAY_PATIENCE_MS),
});

describe.each([
  ["in process", async () => ({})],
  ["over Redis", async () => overRedis(await ownRedis())],
])("rates %s", (where, settings) => {
  const cannot = where === "over Redis" && redisServer === undefined;

  it.skipIf(cannot)("cannot be evaded with forged X-Forwarded-For headers", async () => {
    const relay = await relayWith({ ip: slow(BURST) }, await settings());
    const [key] = KEYS;
    const calls = times(4 * BURST, (i) =>
      client(relay, {
        ...keyHeaders(key ?? OTHER_TENANT),
        "x-forwarded-for": `203.0.113.${i}, 198.51.100.${i}`,
      }),
    );
    expect(await letIn(calls)).toBe(BURST);
  });

  it.skipIf(cannot)("count the address that a trusted proxy saw, whatever stands before it", async () => {
    const trusted = { "listen.trusted_proxies": JSON.stringify(["127.0.0.0/8"]) };
    const relay = await relayWith({ ip: slow(BURST) }, { ...(await settings()), ...trusted });
    const from = (address: string, i: number) =>
      client(relay, { ...keyHeaders(OTHER_TENANT), "x-forwarded-for": `203.0.113.${i}, ${address}` });
    expect(await letIn(times(3 * BURST, (i) => from("192.0.2.1", i)))).toBe(BURST);
    expect(await letIn(times(3 * BURST, (i) => from("192.0.2.2", i)))).toBe(BURST);
  });

  it.skipIf(cannot)("cannot be evaded with another key of the same tenant", async () => {
    const relay = await relayWith({ tenant: slow(BURST) }, await settings());
    const calls = times(4 * BURST, (i) => client(relay, keyHeaders(KEYS[i % 2] ?? OTHER_TENANT)));
    expect(await letIn(calls)).toBe(BURST);
    expect(await letIn(times(3, () => client(relay, keyHeaders(OTHER_TENANT))))).toBe(3);
  });

  it.skipIf(cannot)("cannot be evaded with another protocol or a Connect GET", async () => {
    const relay = await relayWith({ key: slow(BURST) }, await settings());
    const [key] = KEYS;
    const headers = keyHeaders(key ?? OTHER_TENANT);
    const calls = times(4 * BURST, (i) => client(relay, headers, i % TRANSPORTS.length));
    expect(await letIn(calls)).toBe(BURST);
    const message = encodeURIComponent("{}");
    const url = `${relay.app.address}/countersign.relay.v1.RelayService/ListSubmissions?connect=v1&encoding=json&message=${message}`;
    const response = await fetch(url, { headers });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(response.headers.get("ratelimit")).toMatch(/r=0/);
    expect(response.headers.get("ratelimit-policy")).toContain(`q=${BURST}`);
  });

  it.skipIf(cannot)("bound an end user whichever key names it", async () => {
    const relay = await relayWith({ user: slow(BURST) }, await settings());
    const named = (user: string, i: number) =>
      client(relay, { ...keyHeaders(KEYS[i % 2] ?? OTHER_TENANT), "x-end-user": user });
    expect(await letIn(times(3 * BURST, (i) => named("alice", i)))).toBe(BURST);
    expect(await letIn(times(3, (i) => named("bob", i)))).toBe(3);
  });

  it.skipIf(cannot)(
    "bound those who fail to authenticate, and nobody with a good key beside them",
    async () => {
      const relay = await relayWith({ failed_auth: slow(BURST) }, await settings());
      const wrong = client(relay, { authorization: "Bearer cs_live_nobody" });
      const reasons = await Promise.all(
        times(3 * BURST, () => wrong.listSubmissions({}).catch((error) => errorFromConnect(error).reason)),
      );
      expect(reasons.filter((reason) => reason === ErrorReason.CREDENTIALS_INVALID)).toHaveLength(BURST);
      expect(reasons.filter((reason) => reason === ErrorReason.RATE_LIMITED)).toHaveLength(2 * BURST);
      expect(await letIn(times(3, () => client(relay, keyHeaders(OTHER_TENANT))))).toBe(3);
    },
  );
});

describe.skipIf(redisServer === undefined)("while Redis is killed and started again under load", () => {
  it("limits hold: a fraction on its own while it is away, the whole again after it, never more", async () => {
    const redis = await ownRedis();
    const fraction = 0.25;
    const burst = 40;
    const relay = await relayWith({ tenant: slow(burst), redis_down_fraction: fraction }, overRedis(redis));
    const [key] = KEYS;
    const caller = client(relay, keyHeaders(key ?? OTHER_TENANT));
    const round = () => letIn(times(2 * burst, () => caller));

    expect(await round()).toBe(burst);
    const cut = Promise.all([round(), redis.kill()]);
    // What the shared bucket had was used up before: only the replica's own share is left.
    const during = (await cut)[0] + (await round()) + (await round());
    expect(during).toBe(burst * fraction);

    await redis.start();
    // An empty Redis remembers no bucket: that costs one burst, and no more.
    let after = 0;
    for (let tries = 0; tries < 200 && after < burst; tries++) {
      after += await round();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    after += await round();
    expect(after).toBe(burst);
  }, 60_000);
});
