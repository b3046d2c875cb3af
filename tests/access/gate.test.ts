import { type CallOptions, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { userCaller } from "@countersign/server/access/callers.ts";
import type { ProtectionSnapshot, StoredDocument } from "@countersign/server/ledger/protection-types.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { unexpected } from "../transport/small-relay.ts";
import { type GatedRelayOptions, startGatedRelay } from "./support/gated-relay.ts";
import { issuerKey, keySet, token } from "./support/key-server.ts";
import { apiKey, Protection, pause, START, tenant, tokenIssuer } from "./support/protection.ts";

const ORIGIN = "https://wallet.example";

function document(kind: "policy" | "limits", content: object): StoredDocument {
  const text = JSON.stringify(content);
  return { tenant: "acme", kind, version: 1n, text, author: "admin:eve", createdAt: START };
}

const BACKEND = apiKey("acme");
const READER = apiKey("acme", { scopes: ["read"] });
const GLOBEX = apiKey("globex");
const GONE = apiKey("gone");

/** A relay with tenants acme, globex and gone, which is disabled, and a key of each. */
async function start(changes: Partial<ProtectionSnapshot> = {}, options: GatedRelayOptions = {}) {
  const protection = new Protection({
    tenants: [tenant("acme"), tenant("globex"), tenant("gone", { disabled: true })],
    keys: [BACKEND, READER, GLOBEX, GONE].map(({ key }) => key),
    documents: [document("policy", { allowedOrigins: [ORIGIN] })],
    ...changes,
  });
  const relay = await startGatedRelay(protection, options);
  const client = createClient(
    RelayService,
    createConnectTransport({ baseUrl: relay.address, httpVersion: "2" }),
  );
  /** The caller as the handler sees it, and the headers of the answer. */
  async function whoami(headers: Record<string, string>) {
    let answered = new Headers();
    const options: CallOptions = { headers, onHeader: (received) => (answered = received) };
    const { submission } = await client.getSubmission({ submissionId: "s" }, options);
    return { caller: JSON.parse(submission?.id ?? ""), headers: answered };
  }
  return { ...relay, protection, client, whoami };
}

/** The refusal's reason, wait, message and headers. */
async function refusal(call: Promise<unknown>) {
  const error = await call.then(unexpected, ConnectError.from);
  const { reason, retryAfterMs, message } = errorFromConnect(error);
  return {
    reason: reason === undefined ? `none: ${error.message}` : reasonName(reason),
    retryAfterMs,
    message,
    headers: error.metadata,
  };
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

test("a key lets its holder in, as its tenant, and its use is told", async () => {
  const { whoami, used, refused } = await start();
  const { caller } = await whoami(bearer(BACKEND.text));
  expect(caller).toEqual({
    tenant: "acme",
    id: "tenant",
    actor: `key:${BACKEND.key.id}`,
    keyId: BACKEND.key.id,
    endUser: null,
    budgetUser: `key:${BACKEND.key.id}`,
    appSession: null,
  });
  expect(used).toEqual([BACKEND.key.id]);
  expect(refused).toEqual([]);
});

test("a public method needs no credentials, and does not look at them, the origin or pauses", async () => {
  const { client } = await start({ pauses: [pause("RELAY")] });
  const headers = { ...bearer("nonsense"), origin: "https://evil.example" };
  expect((await client.getRelayInfo({}, { headers })).network).toBe("testnet");
});

test("a call without credentials is refused as HTTP asks for it, and told of", async () => {
  const { client, refused } = await start();
  const { reason, headers } = await refusal(
    client.getSubmission({ submissionId: "s" }, { headers: { "x-request-id": "my-request" } }),
  );
  expect(reason).toBe("CREDENTIALS_MISSING");
  expect(headers.get("www-authenticate")).toBe("Bearer");
  expect(refused).toMatchObject([
    {
      tenant: "",
      actor: "anonymous",
      method: "GetSubmission",
      address: "127.0.0.1",
      requestId: "my-request",
    },
  ]);
});

test.each<[string, Record<string, string>, string]>([
  ["a disabled tenant", bearer(GONE.text), "TENANT_DISABLED"],
  ["another tenant's name", { ...bearer(BACKEND.text), "x-tenant": "globex" }, "TENANT_MISMATCH"],
  [
    "an end user, by a key that may not",
    { ...bearer(READER.text), "x-end-user": "bob" },
    "END_USER_NOT_ALLOWED",
  ],
  ["an end user with a space", { ...bearer(BACKEND.text), "x-end-user": "bob smith" }, "FIELD_INVALID"],
  ["a very long end user", { ...bearer(BACKEND.text), "x-end-user": "b".repeat(129) }, "FIELD_INVALID"],
  [
    "an origin that is not listed",
    { ...bearer(BACKEND.text), origin: "https://evil.example" },
    "ORIGIN_NOT_ALLOWED",
  ],
  ["an opaque origin", { ...bearer(BACKEND.text), origin: "null" }, "ORIGIN_NOT_ALLOWED"],
  ["another tenant's origin", { ...bearer(GLOBEX.text), origin: ORIGIN }, "ORIGIN_NOT_ALLOWED"],
])("a call with %s is refused, and told of as its own", async (_, headers, reason) => {
  const { client, refused, used } = await start();
  const call = client.getSubmission({ submissionId: "s" }, { headers });
  expect((await refusal(call)).reason).toBe(reason);
  const holder = [BACKEND, READER, GLOBEX, GONE].find(({ text }) => headers.authorization?.endsWith(text));
  expect(refused).toMatchObject([{ tenant: holder?.key.tenant, actor: `key:${holder?.key.id}` }]);
  expect(used).toEqual([]);
});

test("what a revoked key's holder tries is told of as the key's", async () => {
  const revoked = apiKey("acme", { revokedAt: START });
  const { client, refused } = await start({ keys: [revoked.key] });
  await refusal(client.getSubmission({ submissionId: "s" }, { headers: bearer(revoked.text) }));
  expect(refused).toMatchObject([{ tenant: "acme", actor: `key:${revoked.key.id}` }]);
});

test("the tenant's own name and listed origin pass", async () => {
  const { whoami } = await start();
  const headers = { ...bearer(BACKEND.text), "x-tenant": "acme", origin: ORIGIN };
  expect((await whoami(headers)).caller.tenant).toBe("acme");
});

test("a key with one scope may call what needs it, and nothing else", async () => {
  const { client } = await start();
  const headers = bearer(READER.text);
  await client.getSubmission({ submissionId: "s" }, { headers });
  const calls = [
    client.submitDelegate({}, { headers }),
    client.createAccount({}, { headers }),
    client.listSubmissions({}, { headers }),
  ];
  for (const call of calls) expect((await refusal(call)).reason).toBe("SCOPE_MISSING");
});

test("a trusted key speaks for an end user under its own name", async () => {
  const { whoami } = await start();
  const { caller } = await whoami({ ...bearer(BACKEND.text), "x-end-user": "bob" });
  expect(caller).toMatchObject({
    id: "user:bob",
    actor: `key:${BACKEND.key.id}`,
    endUser: "bob",
    budgetUser: "user:bob",
  });
});

test("a token's user may name itself and nobody else, whatever its scopes", async () => {
  const signer = await issuerKey("k1");
  const issuer = tokenIssuer({ jwksJson: await keySet(signer), scopes: ["read", "end-users"] });
  const { whoami } = await start({ tenants: [tenant("acme", { tokenIssuers: [issuer] })] });
  const headers = bearer(await token(signer));
  expect((await whoami(headers)).caller).toMatchObject({ id: "user:bob", keyId: null });
  expect((await whoami({ ...headers, "x-end-user": "bob" })).caller.endUser).toBe("bob");
  expect((await refusal(whoami({ ...headers, "x-end-user": "eve" }))).reason).toBe("END_USER_NOT_ALLOWED");
});

test("a custom authenticator's caller goes through the same checks", async () => {
  const caller = (name: string) => userCaller(name, "carol", ["submit"]);
  const cookies = {
    authenticate: async ({ headers }: { headers: Headers }) => caller(headers.get("cookie") ?? ""),
  };
  const { client } = await start({}, { custom: [cookies] });
  const call = async (cookie: string) =>
    (await refusal(client.getSubmission({ submissionId: "s" }, { headers: { cookie } }))).reason;
  expect(await call("acme")).toBe("SCOPE_MISSING");
  expect(await call("gone")).toBe("TENANT_DISABLED");
  expect(await call("nobody")).toBe("CREDENTIALS_INVALID");
});

test.each([
  ["the relay", pause("RELAY"), ["SubmitDelegate"]],
  ["the tenant", pause("TENANT", "acme"), ["SubmitDelegate"]],
  ["a method", pause("METHOD", "SubmitDelegate"), ["SubmitDelegate"]],
  ["a method that reads", pause("METHOD", "GetSubmission"), ["GetSubmission"]],
  ["another tenant", pause("TENANT", "globex"), []],
  ["another method", pause("METHOD", "CreateAccount"), []],
])("a pause of %s takes effect with the next view, and says no more than that", async (_, on, refusing) => {
  const { client, protection, directory } = await start();
  const options = { headers: bearer(BACKEND.text) };
  const calls: Record<string, () => Promise<unknown>> = {
    SubmitDelegate: () =>
      client.submitDelegate({ network: "testnet", signedDelegate: new Uint8Array(9) }, options),
    GetSubmission: () => client.getSubmission({ submissionId: "s" }, options),
  };
  for (const call of Object.values(calls)) await call();
  protection.change({ pauses: [on] });
  await directory.refresh();
  for (const [method, call] of Object.entries(calls)) {
    if (!refusing.includes(method)) {
      await call();
      continue;
    }
    const { headers, ...said } = await refusal(call());
    expect(said).toEqual({ reason: "PAUSED", retryAfterMs: 5_000, message: "this is paused for now" });
    expect(headers.get("retry-after")).toBe("5");
  }
});

test("answers state the rates and what is left of them", async () => {
  const rates = { ip: { perSecond: 20, burst: 50 }, tenant: { perSecond: 5, burst: 10 } };
  const { whoami } = await start({}, { rates });
  const { headers } = await whoami({ ...bearer(BACKEND.text), "x-end-user": "bob" });
  expect(headers.get("ratelimit-policy")).toBe(
    '"ip";q=50;w=3, "tenant";q=10;w=2, "method";q=1000;w=1, "key";q=1000;w=1, "user";q=1000;w=1',
  );
  expect(headers.get("ratelimit")).toBe('"ip";r=49;t=1, "tenant";r=9;t=1');
});

const ONE = { perSecond: 0.4, burst: 1 };
const OTHER_KEY = { ...bearer(READER.text) };
const OTHER_TENANT = { ...bearer(GLOBEX.text) };

test.each<[string, Record<string, string>, Record<string, string>]>([
  ["tenant", OTHER_KEY, OTHER_TENANT],
  ["key", { ...bearer(BACKEND.text), "x-end-user": "bob" }, OTHER_KEY],
  ["method", OTHER_KEY, OTHER_TENANT],
])("who has used up the %s's rate is refused, and others are not", async (name, same, other) => {
  const { whoami } = await start({}, { rates: { [name]: ONE } });
  await whoami(bearer(BACKEND.text));
  const { reason, retryAfterMs, headers } = await refusal(whoami(same));
  expect({ reason, retryAfterMs }).toEqual({ reason: "RATE_LIMITED", retryAfterMs: 2_500 });
  expect(headers.get("retry-after")).toBe("3");
  expect(headers.get("ratelimit")).toContain(`"${name}";r=0;t=3`);
  await whoami(other);
});

test.each(["ip", "tenant", "key", "method"])(
  "a call of several counts as so many towards the %s's rate, or not beyond itself",
  async (name) => {
    const rate = { perSecond: 0.4, burst: 5 };
    const { client, refused } = await start({}, { rates: { [name]: rate } });
    const submit = (count: number) => {
      const delegates = Array.from({ length: count }, () => ({ signedDelegate: new Uint8Array(1) }));
      return client.submitDelegates({ network: "n", delegates }, { headers: bearer(BACKEND.text) });
    };
    const tooMany = await refusal(submit(6));
    expect(tooMany).toMatchObject({
      reason: "REQUEST_TOO_LARGE",
      retryAfterMs: undefined,
      message: `this counts as 6 calls, and at most 5 may come at once (${name})`,
    });
    expect(refused).toEqual([]);
    await submit(2);
    // Two are left; the call takes one of them, and lacks one.
    const { reason, retryAfterMs, headers } = await refusal(submit(3));
    expect({ reason, retryAfterMs }).toEqual({ reason: "RATE_LIMITED", retryAfterMs: 2_500 });
    expect(headers.get("retry-after")).toBe("3");
    expect(headers.get("ratelimit")).toBe(`"${name}";r=1;t=10`);
    expect(refused).toMatchObject([{ tenant: "acme", method: "SubmitDelegates" }]);
    await submit(1);
    expect((await refusal(submit(1))).reason).toBe("RATE_LIMITED");
  },
);

test("an end user's rate counts across keys, and another user's is another", async () => {
  const { whoami } = await start({}, { rates: { user: ONE } });
  const user = (name: string) => ({ ...bearer(BACKEND.text), "x-end-user": name });
  await whoami(user("bob"));
  expect((await refusal(whoami(user("bob")))).reason).toBe("RATE_LIMITED");
  await whoami(user("carol"));
  await whoami({ ...bearer(GLOBEX.text), "x-end-user": "bob" });
});

test("a tenant's own limits replace the relay's rates", async () => {
  const limits = document("limits", { tenantRate: { perSecond: 1, burst: 2 } });
  const { whoami } = await start({ documents: [limits] }, { rates: { tenant: ONE } });
  await whoami(bearer(BACKEND.text));
  await whoami(bearer(BACKEND.text));
  expect((await refusal(whoami(bearer(BACKEND.text)))).reason).toBe("RATE_LIMITED");
});

test("an address's rate counts for public methods and before credentials are looked at", async () => {
  const { client, refused } = await start({}, { rates: { ip: ONE } });
  await client.getRelayInfo({});
  expect((await refusal(client.getRelayInfo({}))).reason).toBe("RATE_LIMITED");
  const call = client.getSubmission({ submissionId: "s" }, { headers: bearer(BACKEND.text) });
  const { reason, headers } = await refusal(call);
  expect(reason).toBe("RATE_LIMITED");
  expect(headers.get("ratelimit-policy")).toBe('"ip";q=1;w=3');
  expect(refused.map(({ actor }) => actor)).toEqual(["anonymous", "anonymous"]);
});

test("a method that is not served is METHOD_UNKNOWN to everybody, as often as the address's rate lets it", async () => {
  const { address, refused } = await start({}, { rates: { ip: ONE } });
  const transport = createConnectTransport({ baseUrl: address, httpVersion: "2" });
  const createTenant = () => createClient(TenantService, transport).createTenant({});
  expect((await refusal(createTenant())).reason).toBe("METHOD_UNKNOWN");
  expect(refused).toEqual([]);
  expect((await refusal(createTenant())).reason).toBe("RATE_LIMITED");
  expect(refused).toMatchObject([{ tenant: "", actor: "anonymous", method: "Unknown" }]);
});

test("a forged X-Forwarded-For changes nothing, and a trusted proxy's does", async () => {
  const forged = await start({}, { rates: { ip: ONE } });
  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
  await forged.client.getRelayInfo({}, from("192.0.2.1"));
  expect((await refusal(forged.client.getRelayInfo({}, from("192.0.2.2")))).reason).toBe("RATE_LIMITED");
  const proxied = await start({}, { rates: { ip: ONE }, trustedProxies: ["127.0.0.1"] });
  await proxied.client.getRelayInfo({}, from("192.0.2.1"));
  await proxied.client.getRelayInfo({}, from("192.0.2.2"));
  await refusal(proxied.client.getRelayInfo({}, from("198.51.100.7, 192.0.2.1")));
  expect(proxied.refused).toMatchObject([{ address: "192.0.2.1" }]);
});

test("failed credentials have a rate of their own, which good ones from the same address do not feel", async () => {
  const { whoami, refused } = await start({}, { rates: { failedAuth: ONE } });
  expect((await refusal(whoami(bearer("nonsense")))).reason).toBe("CREDENTIALS_INVALID");
  expect((await refusal(whoami(bearer("nonsense")))).reason).toBe("RATE_LIMITED");
  expect((await refusal(whoami({}))).reason).toBe("RATE_LIMITED");
  await whoami(bearer(BACKEND.text));
  expect(refused).toHaveLength(3);
});

test("a fault in authentication lets nobody in, and says nothing", async () => {
  const failing = { authenticate: () => Promise.reject(new Error("secret of the session store")) };
  const { client, lines } = await start({}, { custom: [failing] });
  const { reason, message } = await refusal(
    client.getSubmission({ submissionId: "s" }, { headers: bearer(BACKEND.text) }),
  );
  expect({ reason, message }).toEqual({ reason: "INTERNAL", message: "internal error" });
  expect(lines.join("")).toContain("gate failed");
});

test("pages of the tenant's own wallets may call, and those of another tenant's may not", async () => {
  const signIn = (id: string) => ({
    relyingParties: [{ id, name: "", origins: [`https://${id}`], userVerificationOptional: false }],
    providers: [],
    scopes: [],
  });
  const { client, whoami } = await start({
    tenants: [
      tenant("acme", { signIn: signIn("wallet.acme.example") }),
      tenant("globex", { signIn: signIn("wallet.globex.example") }),
    ],
  });
  const from = (origin: string) => ({ ...bearer(BACKEND.text), origin });
  expect((await whoami(from("https://wallet.acme.example"))).caller.tenant).toBe("acme");
  expect((await whoami(from(ORIGIN))).caller.tenant).toBe("acme");
  const foreign = client.getSubmission(
    { submissionId: "s" },
    { headers: from("https://wallet.globex.example") },
  );
  expect((await refusal(foreign)).reason).toBe("ORIGIN_NOT_ALLOWED");
});
