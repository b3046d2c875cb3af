import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type IdTokenChanges, startOidcProvider, type WhenOver } from "../support/oidc-provider.ts";
import { callReason } from "./support/call-reason.ts";
import {
  bearer,
  sessionClient,
  signIn,
  signInTenant,
  startSessionRelay,
  TENANT,
  WALLET,
} from "./support/session-relay.ts";

const stops: (() => void | Promise<void>)[] = [];
const withTheFile = (close: () => void | Promise<void>) => void stops.unshift(close);
afterAll(async () => {
  for (const stop of stops) await stop();
});

/** A relay and its provider, until the test ends or `whenOver` says. */
async function startWorld(whenOver?: WhenOver) {
  const provider = await startOidcProvider(whenOver);
  const other = signInTenant(provider, { tenant: "other" });
  const signedOut = {
    ...other,
    signIn: { relyingParties: [], providers: other.signIn?.providers ?? [], scopes: [] },
  };
  const relay = await startSessionRelay(provider, {
    tenants: [signInTenant(provider), signedOut],
    ...(whenOver === undefined ? {} : { whenOver }),
  });
  const client = sessionClient(relay.app.address);
  const begin = () => client.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" });
  return { provider, relay, client, begin };
}

/** For the tests whose provider answers as it should. Users of one are still there in the next. */
let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld(withTheFile);
});

test("an ID token signs its subject in: a new user the first time, and the same one after that", async () => {
  const { provider, relay, client } = await startWorld();
  const first = await signIn(client, provider);
  const again = await signIn(client, provider);
  const other = await signIn(client, provider, { claims: { sub: "bob" } });
  expect(again.user?.id).toBe(first.user?.id);
  expect(again.sessionId).not.toBe(first.sessionId);
  expect(other.user?.id).not.toBe(first.user?.id);
  expect(first.user?.identities).toMatchObject([
    { kind: { case: "providerAccount", value: { providerId: "test", subject: "alice@provider" } } },
  ]);
  const me = await sessionClient(relay.app.address, bearer(first.accessToken)).getUser({});
  expect(me.user?.id).toBe(first.user?.id);
  expect(provider.asked.filter((path) => path !== "/jwks")).toEqual(["/.well-known/openid-configuration"]);
});

test("a user who is signed in links the account, which another one cannot take", async () => {
  const { provider, relay, client } = world;
  const alice = await signIn(client, provider);
  const asAlice = sessionClient(relay.app.address, bearer(alice.accessToken));
  const link = async (as: typeof client, sub: string) => {
    const { signInId, nonce } = await as.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" });
    return as.finishIdTokenSignIn({ signInId, idToken: await provider.idToken(nonce, { claims: { sub } }) });
  };
  const linked = await link(asAlice, "alices-second");
  expect(linked.signedIn).toBeUndefined();
  expect(linked.identity?.kind.value).toMatchObject({ subject: "alices-second" });
  const again = await signIn(client, provider, { claims: { sub: "alices-second" } });
  expect(again.user?.id).toBe(alice.user?.id);
  const eve = await signIn(client, provider, { claims: { sub: "eve" } });
  const asEve = sessionClient(relay.app.address, bearer(eve.accessToken));
  expect(await callReason(link(asEve, "alices-second"))).toBe("IDENTITY_LINKED_ELSEWHERE");
});

test("what one user began, another cannot finish, and neither can nobody", async () => {
  const { provider, relay, client, begin } = world;
  const alice = await signIn(client, provider);
  const eve = await signIn(client, provider, { claims: { sub: "eve" } });
  const [asAlice, asEve] = [alice, eve].map((who) =>
    sessionClient(relay.app.address, bearer(who.accessToken)),
  );
  if (asAlice === undefined || asEve === undefined) throw new Error("no clients");
  const attempts = [
    [asAlice, asEve],
    [asAlice, client],
    [client, asEve],
  ] as const;
  for (const [beginner, finisher] of attempts) {
    const { signInId, nonce } = await beginner.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" });
    const idToken = await provider.idToken(nonce, { claims: { sub: "new" } });
    expect(await callReason(finisher.finishIdTokenSignIn({ signInId, idToken }))).toBe("CHALLENGE_INVALID");
  }
  expect((await begin()).nonce).toHaveLength(43);
});

const now = () => Math.floor(Date.now() / 1000);
test.each<[string, () => IdTokenChanges]>([
  ["another issuer's name", () => ({ claims: { iss: "https://evil.example" } })],
  ["no issuer", () => ({ claims: { iss: undefined } })],
  ["another client's audience", () => ({ claims: { aud: "another-client" } })],
  ["several audiences and no authorized party", () => ({ claims: { aud: ["wallet-client", "b"] } })],
  ["another authorized party", () => ({ claims: { aud: ["wallet-client", "b"], azp: "b" } })],
  ["another nonce", () => ({ claims: { nonce: "n".repeat(43) } })],
  ["no nonce", () => ({ claims: { nonce: undefined } })],
  ["no subject", () => ({ claims: { sub: undefined } })],
  ["a subject that is too long", () => ({ claims: { sub: "s".repeat(256) } })],
  ["an end that has passed", () => ({ claims: { iat: now() - 600, exp: now() - 300 } })],
  ["no end", () => ({ claims: { exp: undefined } })],
  ["a time before its nonce was made", () => ({ claims: { iat: now() - 300 } })],
  ["a time that is to come", () => ({ claims: { iat: now() + 300 } })],
  ["the type of app tokens", () => ({ header: { typ: "cs-app+jwt" } })],
  ["a key that the provider lacks", () => ({ header: { kid: "9" } })],
])("an ID token with %s is refused", async (_, changes) => {
  const { provider, client } = world;
  expect(await callReason(signIn(client, provider, changes()))).toBe("ID_TOKEN_INVALID");
});

test("several audiences are fine when the token was made for this client", async () => {
  const { provider, client } = world;
  const changes = { claims: { aud: ["b", "wallet-client"], azp: "wallet-client" } };
  expect((await signIn(client, provider, changes)).accessToken).not.toBe("");
});

test("a token that a stranger signed, or nobody, is refused", async () => {
  const { provider, client, begin } = world;
  const stranger = await generateKeyPair("RS256");
  const claims = (nonce: string) => ({
    ...{ iss: provider.issuer, aud: "wallet-client", sub: "alice@provider", nonce },
    ...{ iat: now(), exp: now() + 300 },
  });
  const first = await begin();
  const strangers = await new SignJWT(claims(first.nonce))
    .setProtectedHeader({ alg: "RS256", kid: "1", jwk: await exportJWK(stranger.publicKey) })
    .sign(stranger.privateKey);
  const second = await begin();
  const nobodys = new UnsecuredJWT(claims(second.nonce)).encode();
  const third = await begin();
  const secret = new TextEncoder().encode("wallet-client-secret-that-is-long");
  const symmetric = await new SignJWT(claims(third.nonce)).setProtectedHeader({ alg: "HS256" }).sign(secret);
  for (const [{ signInId }, idToken] of [
    [first, strangers],
    [second, nobodys],
    [third, symmetric],
  ] as const) {
    expect(await callReason(client.finishIdTokenSignIn({ signInId, idToken }))).toBe("ID_TOKEN_INVALID");
  }
});

test("a nonce is good once: neither the token nor another one with it signs in again", async () => {
  const { provider, client, begin } = world;
  const { signInId, nonce } = await begin();
  const idToken = await provider.idToken(nonce);
  await client.finishIdTokenSignIn({ signInId, idToken });
  expect(await callReason(client.finishIdTokenSignIn({ signInId, idToken }))).toBe("CHALLENGE_INVALID");
  const other = await begin();
  expect(await callReason(client.finishIdTokenSignIn({ signInId: other.signInId, idToken }))).toBe(
    "ID_TOKEN_INVALID",
  );
  const third = await begin();
  const calls = Array.from({ length: 10 }, async () =>
    client.finishIdTokenSignIn({ signInId: third.signInId, idToken: await provider.idToken(third.nonce) }),
  );
  const outcomes = await Promise.all(calls.map(callReason));
  expect(outcomes.filter((outcome) => outcome === "none")).toHaveLength(1);
});

test("while the provider is away, nothing is used up; a new key of its is found", async () => {
  const { provider, client, begin } = await startWorld();
  const { signInId, nonce } = await begin();
  provider.intercept = (_, response) => {
    response.writeHead(503).end();
    return true;
  };
  const idToken = await provider.idToken(nonce);
  const finish = () => callReason(client.finishIdTokenSignIn({ signInId, idToken }));
  expect(await finish()).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
  expect(await finish()).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
  // It is left alone for a while.
  expect(provider.asked).toHaveLength(1);
});

test.each<[string, (issuer: string) => object]>([
  ["of another issuer", () => ({ issuer: "https://evil.example" })],
  ["with keys over plain HTTP", () => ({ jwks_uri: "http://evil.example/jwks" })],
  ["with keys in a file", () => ({ jwks_uri: "file:///etc/passwd" })],
  ["without keys", () => ({ jwks_uri: undefined })],
  ["that is too large", () => ({ padding: "x".repeat(70_000) })],
])("a provider's configuration %s is not used", async (_, changes) => {
  const { provider, client } = await startWorld();
  provider.intercept = (path, response) => {
    if (path !== "/.well-known/openid-configuration") return false;
    const { issuer } = provider;
    const endpoints = {
      ...{ authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
      jwks_uri: `${issuer}/jwks`,
    };
    response.end(JSON.stringify({ issuer, ...endpoints, ...changes(issuer) }));
    return true;
  };
  expect(await callReason(signIn(client, provider))).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
});

test("a provider's configuration that points elsewhere is not followed", async () => {
  const { provider, client } = await startWorld();
  provider.intercept = (_, response) => {
    response.writeHead(302, { location: `${provider.issuer}/jwks` }).end();
    return true;
  };
  expect(await callReason(signIn(client, provider))).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
});

test("sign-in begins for a tenant's own providers, from its wallets' pages", async () => {
  const { relay, client } = world;
  const begin = (request: object, headers = {}) =>
    callReason(
      sessionClient(relay.app.address, headers).beginIdTokenSignIn({
        tenant: TENANT,
        providerId: "test",
        ...request,
      }),
    );
  expect(await begin({ tenant: "nobody" })).toBe("TENANT_NOT_FOUND");
  expect(await begin({ providerId: "gogle" })).toBe("IDENTITY_PROVIDER_NOT_FOUND");
  expect(await begin({}, { origin: "https://evil.example" })).toBe("ORIGIN_NOT_ALLOWED");
  expect(await begin({}, { origin: WALLET })).toBe("none");
  expect(await begin({}, bearer("nonsense"))).toBe("CREDENTIALS_INVALID");
  const { signInId } = await client.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" });
  const elsewhere = sessionClient(relay.app.address, { origin: "https://evil.example" });
  expect(await callReason(elsewhere.finishIdTokenSignIn({ signInId, idToken: "x" }))).toBe(
    "ORIGIN_NOT_ALLOWED",
  );
});

test("a token of one tenant's user links nothing at another tenant", async () => {
  const { provider, relay, client } = world;
  const alice = await signIn(client, provider);
  const asAlice = sessionClient(relay.app.address, bearer(alice.accessToken));
  const begun = asAlice.beginIdTokenSignIn({ tenant: "other", providerId: "test" });
  expect(await callReason(begun)).toBe("CREDENTIALS_INVALID");
});
