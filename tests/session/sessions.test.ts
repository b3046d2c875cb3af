import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createConnectTransport as webTransport } from "@connectrpc/connect-web";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { createLocalJWKSet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { startOidcProvider } from "../support/oidc-provider.ts";
import { keyHeaders, testKey } from "../support/tenants.ts";
import { relayClient, withHeaders } from "../support/test-relay.ts";
import { callReason } from "./support/call-reason.ts";
import {
  bearer,
  ISSUER,
  sessionClient,
  signIn,
  signInTenant,
  startSessionRelay,
} from "./support/session-relay.ts";

const KEY = testKey(40);

async function world(session: object = {}, settings: Readonly<Record<string, string>> = {}) {
  const provider = await startOidcProvider();
  const relay = await startSessionRelay(provider, { session, settings });
  const { address } = relay.app;
  const as = (token: string) => sessionClient(address, bearer(token));
  return { provider, relay, address, as, client: sessionClient(address) };
}

const list = (address: string, token: string) =>
  callReason(relayClient(address, bearer(token)).listSubmissions({}));

test("an access token opens what the tenant lets its users do, and nothing more", async () => {
  const { address, client, provider } = await world();
  const { accessToken } = await signIn(client, provider);
  expect(await list(address, accessToken)).toBe("none");
  const submit = relayClient(address, bearer(accessToken)).submitDelegate({
    ...{ network: "countersign-devnet", signedDelegate: new Uint8Array(9), idempotencyKey: "k" },
  });
  expect(await callReason(submit)).toBe("SCOPE_MISSING");
  expect(
    await callReason(
      relayClient(address, { ...bearer(accessToken), "x-end-user": "eve" }).listSubmissions({}),
    ),
  ).toBe("END_USER_NOT_ALLOWED");
});

test("anybody verifies access tokens with the keys that the relay publishes", async () => {
  const { address, client, provider } = await world();
  const { accessToken, user } = await signIn(client, provider);
  const response = await fetch(`${address}/.well-known/jwks.json`);
  expect(response.headers.get("cache-control")).toBe("public, max-age=300");
  expect(response.headers.get("content-type")).toBe("application/jwk-set+json");
  const keys = createLocalJWKSet(JSON.parse(await response.text()));
  const { payload } = await jwtVerify(accessToken, keys, { issuer: ISSUER, audience: "countersign" });
  expect(payload.sub).toBe(user?.id);
});

test("a session goes on with its refresh tokens, each good once", async () => {
  const { address, client, provider } = await world();
  const first = await signIn(client, provider);
  const { signedIn: second } = await client.refreshSession({ refreshToken: first.refreshToken });
  expect(second).toMatchObject({ sessionId: first.sessionId, sessionExpiresAt: first.sessionExpiresAt });
  expect(second?.refreshToken).not.toBe(first.refreshToken);
  expect(second?.user?.id).toBe(first.user?.id);
  expect(await list(address, second?.accessToken ?? "")).toBe("none");
  // Its answer may have been lost: the same again.
  const { signedIn: repeated } = await client.refreshSession({ refreshToken: first.refreshToken });
  expect(repeated?.refreshToken).toBe(second?.refreshToken);
  await client.refreshSession({ refreshToken: second?.refreshToken ?? "" });
  expect(await callReason(client.refreshSession({ refreshToken: first.refreshToken }))).toBe(
    "REFRESH_TOKEN_REUSED",
  );
  expect(await list(address, first.accessToken)).toBe("CREDENTIALS_REVOKED");
  expect(await callReason(client.refreshSession({ refreshToken: second?.refreshToken ?? "" }))).toBe(
    "REFRESH_TOKEN_INVALID",
  );
});

test("twenty refreshes with one token leave one line of tokens", async () => {
  const { client, provider } = await world();
  const { refreshToken } = await signIn(client, provider);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => client.refreshSession({ refreshToken })),
  );
  const successors = new Set(answers.map(({ signedIn }) => signedIn?.refreshToken));
  expect(successors.size).toBe(1);
  const [successor = ""] = successors;
  expect(await callReason(client.refreshSession({ refreshToken: successor }))).toBe("none");
});

test("what is no refresh token refreshes nothing", async () => {
  const { client } = await world();
  for (const refreshToken of ["", "e30.e30.x", `csr_${"A".repeat(43)}`, "csr_x", "cst_x"]) {
    expect(await callReason(client.refreshSession({ refreshToken }))).toBe("REFRESH_TOKEN_INVALID");
  }
});

test("refreshing asks for the tenant's own pages, and an enabled tenant", async () => {
  const { address, client, provider } = await world();
  const { refreshToken } = await signIn(client, provider);
  const evil = sessionClient(address, { origin: "https://evil.example" });
  expect(await callReason(evil.refreshSession({ refreshToken }))).toBe("ORIGIN_NOT_ALLOWED");
  // The attempt has used nothing up.
  expect(await callReason(client.refreshSession({ refreshToken }))).toBe("none");
});

test("a user sees and ends sessions of its own, and no one else's", async () => {
  const { address, as, client, provider } = await world();
  const [one, two, eves] = [
    await signIn(client, provider),
    await signIn(client, provider),
    await signIn(client, provider, { claims: { sub: "eve" } }),
  ];
  const { sessions } = await as(two.accessToken).listSessions({});
  expect(sessions.map(({ id, current }) => [id, current])).toEqual([
    [two.sessionId, true],
    [one.sessionId, false],
  ]);
  const asEve = as(eves.accessToken);
  expect(await callReason(asEve.revokeSession({ sessionId: one.sessionId }))).toBe("SESSION_NOT_FOUND");
  expect((await as(two.accessToken).revokeSession({ sessionId: one.sessionId })).ended).toBe(1);
  expect(await list(address, one.accessToken)).toBe("CREDENTIALS_REVOKED");
  expect(await callReason(client.refreshSession({ refreshToken: one.refreshToken }))).toBe(
    "REFRESH_TOKEN_INVALID",
  );
  expect(await callReason(as(two.accessToken).revokeSession({ sessionId: one.sessionId }))).toBe(
    "SESSION_NOT_FOUND",
  );
  const three = await signIn(client, provider);
  expect((await as(three.accessToken).revokeSession({ all: true })).ended).toBe(2);
  for (const { accessToken } of [two, three])
    expect(await list(address, accessToken)).toBe("CREDENTIALS_REVOKED");
  expect(await list(address, eves.accessToken)).toBe("none");
  expect((await asEve.revokeSession({})).ended).toBe(1);
  expect(await list(address, eves.accessToken)).toBe("CREDENTIALS_REVOKED");
});

test("methods about the session are for its holder: an API key gets nowhere", async () => {
  const provider = await startOidcProvider();
  const relay = await startSessionRelay(provider, {
    tenants: [signInTenant(provider, { keys: [{ minted: KEY }] })],
  });
  const { address } = relay.app;
  for (const [headers, reason] of [
    [{}, "CREDENTIALS_MISSING"],
    [bearer("cst_c2VjcmV0"), "CREDENTIALS_INVALID"],
    [keyHeaders(KEY), "APP_SESSION_MISSING"],
    [{ ...keyHeaders(KEY), "x-end-user": "alice" }, "APP_SESSION_MISSING"],
  ] as const) {
    const client = sessionClient(address, headers);
    expect(await callReason(client.listSessions({}))).toBe(reason);
    expect(await callReason(client.revokeSession({ all: true }))).toBe(reason);
    expect(await callReason(client.getUser({}))).toBe(reason);
    expect(await callReason(client.unlinkIdentity({ identityId: "i" }))).toBe(reason);
    expect(await callReason(client.mergeUsers({ otherAccessToken: "x" }))).toBe(reason);
  }
});

test("two users become one with proof of both, and the other one's sessions end", async () => {
  const { address, as, client, provider } = await world();
  const alice = await signIn(client, provider);
  const other = await signIn(client, provider, { claims: { sub: "alices-other" } });
  const merge = (otherAccessToken: string) => as(alice.accessToken).mergeUsers({ otherAccessToken });
  for (const bad of ["x", "csr_x", alice.refreshToken, `${other.accessToken}x`]) {
    expect(await callReason(merge(bad))).toBe("MERGE_PROOF_INVALID");
  }
  const { user } = await merge(other.accessToken);
  expect(user?.identities).toHaveLength(2);
  expect(await list(address, other.accessToken)).toBe("CREDENTIALS_REVOKED");
});

test("attempts to sign in are counted by address, and begun ones by tenant", async () => {
  const provider = await startOidcProvider();
  const fast = { per_second: 100_000, burst: 100_000 };
  const all = { ip: fast, failed_auth: fast, tenant: fast, key: fast, user: fast, method: fast };
  const few = { per_second: 0.001, burst: 2 };
  const rates = (changes: object) =>
    JSON.stringify({ ...all, sign_in: fast, sign_in_begin: fast, sign_in_tenant: fast, ...changes });
  const strict = await startSessionRelay(provider, { settings: { rates: rates({ sign_in: few }) } });
  const client = sessionClient(strict.app.address);
  const finish = () => callReason(client.finishIdTokenSignIn({ signInId: "x", idToken: "x" }));
  expect([await finish(), await finish(), await finish()]).toEqual([
    "CHALLENGE_INVALID",
    "CHALLENGE_INVALID",
    "RATE_LIMITED",
  ]);
  const shared = await startSessionRelay(provider, { settings: { rates: rates({ sign_in_tenant: few }) } });
  const begin = (tenant: string) =>
    callReason(sessionClient(shared.app.address).beginIdTokenSignIn({ tenant, providerId: "test" }));
  expect([await begin("acme"), await begin("acme"), await begin("acme")]).toEqual([
    "none",
    "none",
    "RATE_LIMITED",
  ]);
  expect(await begin("nobody")).toBe("TENANT_NOT_FOUND");
});

/** A browser of one site: keeps cookies, and sends what browsers send along. */
function browser(address: string, headers: Record<string, string>) {
  const jar = new Map<string, string>();
  const set: string[] = [];
  const fetching: typeof fetch = async (input, init) => {
    const sent = new Headers(init?.headers);
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    if (jar.size > 0) sent.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(input, { ...init, headers: sent });
    for (const cookie of response.headers.getSetCookie()) {
      set.push(cookie);
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === "") jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };
  return { jar, set, fetching, address };
}

async function cookieWorld() {
  const { provider, address } = await world({ cookies: {} }, { "cors.credentials": "true" });
  const page = { origin: "https://wallet.example", "x-countersign-csrf": "1" };
  const open = (headers: Record<string, string> = page) => {
    const opened = browser(address, headers);
    const transport = webTransport({ baseUrl: address, fetch: opened.fetching });
    return { ...opened, transport };
  };
  return { provider, address, page, open };
}

test("in cookie mode tokens never reach the page, and the session works by its cookies", async () => {
  const { provider, open } = await cookieWorld();
  const { jar, set, transport } = open();
  const client = createClient(SessionService, transport);
  const signedIn = await signIn(client, provider);
  expect(signedIn).toMatchObject({ accessToken: "", refreshToken: "" });
  expect(set).toHaveLength(2);
  for (const cookie of set)
    expect(cookie).toMatch(/^__Host-cs_\w+=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Strict;/);
  expect(await callReason(createClient(RelayService, transport).listSubmissions({}))).toBe("none");
  const before = jar.get("__Host-cs_refresh");
  expect((await client.refreshSession({})).signedIn).toMatchObject({ accessToken: "", refreshToken: "" });
  expect(jar.get("__Host-cs_refresh")).not.toBe(before);
  expect((await client.listSessions({})).sessions).toHaveLength(1);
  await client.revokeSession({});
  expect(jar.size).toBe(0);
});

test("in cookie mode other sites' pages do nothing: not with the cookies, and not to set them", async () => {
  const { provider, page, open, address } = await cookieWorld();
  const good = open();
  await signIn(createClient(SessionService, good.transport), provider);
  const cookie = [...good.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const from = (headers: Record<string, string>) => {
    const interceptors = [withHeaders({ cookie, ...headers })];
    const transport = createConnectTransport({ baseUrl: address, httpVersion: "2", interceptors });
    return {
      sessions: createClient(SessionService, transport),
      relay: createClient(RelayService, transport),
    };
  };
  const evil = "https://evil.example";
  for (const [headers, read, refresh] of [
    [{}, "CREDENTIALS_MISSING", "CREDENTIALS_MISSING"],
    [{ origin: page.origin }, "CREDENTIALS_MISSING", "CREDENTIALS_MISSING"],
    [{ "x-countersign-csrf": "1" }, "CREDENTIALS_MISSING", "CREDENTIALS_MISSING"],
    [{ origin: evil, "x-countersign-csrf": "1" }, "ORIGIN_NOT_ALLOWED", "ORIGIN_NOT_ALLOWED"],
  ] as const) {
    const { sessions, relay } = from(headers);
    expect(await callReason(relay.listSubmissions({}))).toBe(read);
    expect(await callReason(sessions.listSessions({}))).toBe(read);
    expect(await callReason(sessions.refreshSession({}))).toBe(refresh);
    expect(await callReason(signIn(sessions, provider))).not.toBe("none");
  }
  // Nothing was used up, and the session stands.
  expect(await callReason(from(page).sessions.refreshSession({}))).toBe("none");
});

test("a browser that comes with an ended session's cookies is rid of them", async () => {
  const { open } = await cookieWorld();
  const { jar, transport } = open();
  jar.set("__Host-cs_refresh", `csr_${"A".repeat(43)}`).set("__Host-cs_session", "x");
  expect(await callReason(createClient(SessionService, transport).refreshSession({}))).toBe(
    "REFRESH_TOKEN_INVALID",
  );
  expect(jar.size).toBe(0);
});
