import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { createRelayClient, errorOf, type RelayClient, type RelayClientOptions } from "@countersign/web";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { relayClientWith } from "../../clients/web/src/relay-client.ts";
import { handClock } from "./hand-clock.ts";
import { refusal, type ScriptedRelay, startScriptedRelay } from "./scripted-relay.ts";

const failed = () => expect.fail("it should have failed");
let relay: ScriptedRelay;
/** Headers and key of each attempt, in order. */
let attempts: { header: Headers; key: string }[];
/** How many of the next attempts fail. */
let faults: number;

beforeEach(async () => {
  attempts = [];
  faults = 0;
  const attempt = ({ idempotencyKey = "" }, { requestHeader }: { requestHeader: Headers }) => {
    attempts.push({ header: requestHeader, key: idempotencyKey });
    if (faults-- > 0) throw refusal(ErrorReason.LEDGER_UNAVAILABLE, 10);
    return {};
  };
  relay = await startScriptedRelay({
    getRelayInfo: (_, context) => attempt({}, context),
    submitDelegate: attempt,
    createAccount: attempt,
    watchSubmission: async function* (_, context) {
      yield attempt({}, context);
    },
  });
});
afterEach(() => relay.stop());

const connect = (options: Omit<RelayClientOptions, "baseUrl">) =>
  relayClientWith({ baseUrl: relay.baseUrl, ...options }, handClock());
async function watched(client: RelayClient): Promise<void> {
  for await (const _ of client.watchSubmission({ submissionId: "sub_1" }));
}
const sent = (name: string) => attempts.map(({ header }) => header.get(name));

describe("the caller's headers", () => {
  it("say who calls", async () => {
    const client = createRelayClient({
      baseUrl: relay.baseUrl,
      apiKey: "cs_live_a_b",
      endUser: "alice",
      tenant: "acme",
      headers: { "X-Request-Id": "r-1" },
    });
    await client.getRelayInfo({});
    const names = ["x-api-key", "x-end-user", "x-tenant", "x-request-id", "authorization"];
    expect(names.flatMap(sent)).toEqual(["cs_live_a_b", "alice", "acme", "r-1", null]);
  });

  it("go along with a watch", async () => {
    await watched(connect({ token: "jwt" }));
    expect(sent("authorization")).toEqual(["Bearer jwt"]);
  });

  it("are asked anew for every attempt", async () => {
    faults = 2;
    let tokens = 0;
    let signatures = 0;
    const client = connect({
      token: async () => `jwt-${++tokens}`,
      headers: () => ({ "X-Signature": `s-${++signatures}` }),
    });
    await client.getRelayInfo({});
    expect(sent("authorization")).toEqual(["Bearer jwt-1", "Bearer jwt-2", "Bearer jwt-3"]);
    expect(sent("x-signature")).toEqual(["s-1", "s-2", "s-3"]);
  });

  it("of one call go before the client's", async () => {
    const client = connect({ token: "of-client", tenant: "acme" });
    await client.getRelayInfo({}, { headers: { Authorization: "Bearer of-call" } });
    expect([...sent("authorization"), ...sent("x-tenant")]).toEqual(["Bearer of-call", "acme"]);
  });

  it("that cannot be made end the call, with the callback's error as cause", async () => {
    const cause = new TypeError("the session is over");
    let asked = 0;
    const client = connect({
      token: () => {
        asked++;
        throw cause;
      },
    });
    expect(await client.getRelayInfo({}).then(failed, errorOf)).toMatchObject({ code: Code.Unknown, cause });
    expect({ asked, attempts }).toEqual({ asked: 1, attempts: [] });
  });

  it("that never come do not hold an aborted call", async () => {
    const asked = Promise.withResolvers<void>();
    const controller = new AbortController();
    const client = connect({
      token: () => {
        asked.resolve();
        return new Promise<string>(() => undefined);
      },
    });
    const call = client.getRelayInfo({}, { signal: controller.signal }).then(failed, errorOf);
    await asked.promise;
    controller.abort();
    expect((await call).code).toBe(Code.Canceled);
  });
});

describe("cookies", () => {
  it.each(["include", "same-origin", "omit", undefined] as const)(
    "are fetch's concern: %s",
    async (credentials) => {
      const seen: unknown[] = [];
      const client = connect({
        ...(credentials === undefined ? {} : { credentials }),
        fetch: (url, init) => {
          seen.push(init?.credentials);
          return fetch(url, init);
        },
      });
      await client.getRelayInfo({});
      await watched(client);
      expect(seen).toEqual([credentials, credentials]);
    },
  );
});

describe.each(["submitDelegate", "createAccount"] as const)("%s", (method) => {
  it("has one idempotency key for all attempts of a call, and another for the next call", async () => {
    faults = 2;
    const client = connect({});
    await client[method]({ network: "testnet" });
    await client[method]({ network: "testnet" });
    const [first, second, third, next] = attempts.map(({ key }) => key);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect([second, third]).toEqual([first, first]);
    expect(next).toMatch(/^[0-9a-f-]{36}$/);
    expect(next).not.toBe(first);
  });

  it("keeps the caller's key, in the message or as a header", async () => {
    const client = connect({});
    await client[method]({ idempotencyKey: "order-7" });
    await client[method]({}, { headers: { "Idempotency-Key": "order-8" } });
    expect(attempts.map(({ key }) => key)).toEqual(["order-7", ""]);
    expect(sent("idempotency-key")).toEqual([null, "order-8"]);
  });
});
