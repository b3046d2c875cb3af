import { createHash, randomBytes } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { type OidcProvider, startOidcProvider } from "../support/oidc-provider.ts";
import { type TestRelay, UNBOUNDED_RATES } from "../support/test-relay.ts";
import { callReason } from "./support/call-reason.ts";
import {
  ISSUER,
  type SessionClient,
  sessionClient,
  startSessionRelay,
  TENANT,
  WALLET,
} from "./support/session-relay.ts";

const RETURN_TO = `${WALLET}/signed-in?from=relay`;
const VERIFIER = randomBytes(32).toString("base64url");
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

let provider: OidcProvider;
let relay: TestRelay;
let client: SessionClient;
beforeEach(async () => {
  provider = await startOidcProvider();
  relay = await startSessionRelay(provider);
  client = sessionClient(relay.app.address);
});

/** Visits an address of the relay as a browser does, without following where it is sent. */
async function visit(path: string, cookie?: string) {
  const response = await fetch(`${relay.app.address}${path}`, {
    redirect: "manual",
    headers: cookie === undefined ? {} : { cookie },
  });
  const [set] = response.headers.getSetCookie();
  const location = response.headers.get("location");
  return { status: response.status, location, set, text: await response.text(), headers: response.headers };
}

function start(changes: Readonly<Record<string, string>> = {}, id = "test") {
  const query = { tenant: TENANT, return_to: RETURN_TO, challenge: CHALLENGE, ...changes };
  return visit(`/auth/${id}/start?${new URLSearchParams(query)}`);
}

/** Starts, and lets the provider's user agree: where the browser goes next, and with which cookie. */
async function agreed() {
  const { location, set } = await start();
  const back = provider.authorize(location ?? "");
  expect(`${back.origin}${back.pathname}`).toBe(`${ISSUER}/auth/test/callback`);
  return { back, cookie: set?.split(";")[0] ?? "" };
}

function callback(back: URL, cookie: string | undefined, id = "test") {
  return visit(`/auth/${id}/callback${back.search}`, cookie);
}

/** What stands behind "#" of the address that the browser was sent to, if it is the wallet's. */
function fragment(location: string | null): Record<string, string> {
  expect(location?.startsWith(`${RETURN_TO}#`)).toBe(true);
  return Object.fromEntries(new URLSearchParams(new URL(location ?? "").hash.slice(1)));
}

async function signedInCode() {
  const { back, cookie } = await agreed();
  return fragment((await callback(back, cookie)).location).code ?? "";
}

test("a browser signs in through the provider, and the wallet redeems its code for a session", async () => {
  const started = await start();
  expect(started.status).toBe(302);
  expect(started.set).toMatch(
    /^__Host-cs_oidc=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
  );
  expect(started.headers.get("cache-control")).toBe("no-store");
  expect(started.headers.get("referrer-policy")).toBe("no-referrer");
  // The wallet's own secrets stay with it.
  expect(started.location).not.toContain(CHALLENGE);
  const back = provider.authorize(started.location ?? "");
  const done = await callback(back, started.set?.split(";")[0]);
  expect(done.set).toBe("__Host-cs_oidc=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
  const { code = "" } = fragment(done.location);
  const { signedIn } = await sessionClient(relay.app.address, { origin: WALLET }).redeemSignInCode({
    code,
    verifier: VERIFIER,
  });
  expect(signedIn?.user?.identities[0]?.kind.value).toMatchObject({ subject: "alice@provider" });
});

test("a code is good once, for the wallet that began it, with its verifier", async () => {
  const redeem = (code: string, verifier = VERIFIER, origin = WALLET) =>
    callReason(sessionClient(relay.app.address, { origin }).redeemSignInCode({ code, verifier }));
  const code = await signedInCode();
  expect(await redeem(code)).toBe("none");
  expect(await redeem(code)).toBe("REFRESH_TOKEN_INVALID");
  const stolen = await signedInCode();
  expect(await redeem(stolen, CHALLENGE)).toBe("REFRESH_TOKEN_INVALID");
  // The thief's try has used it up.
  expect(await redeem(stolen)).toBe("REFRESH_TOKEN_INVALID");
  expect(await redeem(await signedInCode(), VERIFIER, "https://evil.example")).toBe("ORIGIN_NOT_ALLOWED");
  expect(await redeem("made-up")).toBe("REFRESH_TOKEN_INVALID");
  const raced = await signedInCode();
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => redeem(raced)));
  expect(outcomes.filter((outcome) => outcome === "none")).toHaveLength(1);
});

test("an address that starts one redirect after the other locks nobody else out", async () => {
  const rates = {
    ...UNBOUNDED_RATES,
    sign_in_begin: { per_second: 0.0001, burst: 2 },
    sign_in_tenant: { per_second: 0.0001, burst: 3 },
  };
  const trusted = JSON.stringify(["127.0.0.1/32"]);
  const strict = await startSessionRelay(provider, {
    settings: { rates: JSON.stringify(rates), "listen.trusted_proxies": trusted },
  });
  const query = new URLSearchParams({ tenant: TENANT, return_to: RETURN_TO, challenge: CHALLENGE });
  const startFrom = async (address: string) => {
    const headers = { "x-forwarded-for": address };
    const url = `${strict.app.address}/auth/test/start?${query}`;
    return (await fetch(url, { redirect: "manual", headers })).status;
  };
  const flood = await Promise.all(Array.from({ length: 20 }, () => startFrom("203.0.113.1")));
  expect(flood.filter((status) => status === 302)).toHaveLength(2);
  expect(flood.filter((status) => status === 429)).toHaveLength(18);
  expect(await startFrom("203.0.113.2")).toBe(302);
});

test("a state is good once, in the browser that began it", async () => {
  const stolen = await agreed();
  for (const cookie of [undefined, "__Host-cs_oidc=", `__Host-cs_oidc=${"x".repeat(43)}`]) {
    const { back } = await agreed();
    const refused = await callback(back, cookie);
    expect(refused.status).toBe(400);
    expect(refused.location).toBeNull();
    expect(refused.text).toContain("CHALLENGE_INVALID");
  }
  // A victim that is made to finish an attacker's sign-in has another cookie.
  const victims = await agreed();
  expect((await callback(stolen.back, victims.cookie)).status).toBe(400);
  // And the attacker's state is used up by that.
  expect((await callback(stolen.back, stolen.cookie)).status).toBe(400);

  const good = await agreed();
  expect((await callback(good.back, good.cookie)).status).toBe(302);
  const again = await callback(good.back, good.cookie);
  expect(again.status).toBe(400);
  expect(again.location).toBeNull();
});

test("an answer to one provider's sign-in is none to another's", async () => {
  const { back, cookie } = await agreed();
  expect((await callback(back, cookie, "other")).status).toBe(400);
  const mixed = await agreed();
  mixed.back.searchParams.set("iss", "https://evil.example");
  const { location } = await callback(mixed.back, mixed.cookie);
  expect(fragment(location)).toEqual({ error: "ID_TOKEN_INVALID" });
});

test("a provider's code is redeemed with the verifier of its own sign-in, and by nobody else", async () => {
  const mine = await agreed();
  const others = await agreed();
  others.back.searchParams.set("code", mine.back.searchParams.get("code") ?? "");
  const { location } = await callback(others.back, others.cookie);
  expect(fragment(location)).toEqual({ error: "ID_TOKEN_INVALID" });
});

test.each<[string, object]>([
  ["another nonce", { nonce: "n".repeat(43) }],
  ["another audience", { aud: "another-client" }],
  ["another issuer", { iss: "https://evil.example" }],
])("an ID token with %s signs nobody in", async (_, claims) => {
  provider.changes = { claims: { ...claims } };
  const { back, cookie } = await agreed();
  expect(fragment((await callback(back, cookie)).location)).toEqual({ error: "ID_TOKEN_INVALID" });
});

test("a user who says no comes back to the wallet with an error", async () => {
  const { back, cookie } = await agreed();
  back.search = String(
    new URLSearchParams({ state: back.searchParams.get("state") ?? "", error: "access_denied" }),
  );
  expect(fragment((await callback(back, cookie)).location)).toEqual({ error: "ID_TOKEN_INVALID" });
});

test("a provider that is away sends the browser back to the wallet", async () => {
  const { back, cookie } = await agreed();
  provider.intercept = (path, response) => {
    if (path !== "/token") return false;
    response.writeHead(503).end("{}");
    return true;
  };
  const { location } = await callback(back, cookie);
  expect(fragment(location)).toEqual({ error: "IDENTITY_PROVIDER_UNAVAILABLE" });
});

test.each([
  "https://evil.example/",
  "https://wallet.example.evil.example/",
  "https://wallet.example@evil.example/",
  "https://user@wallet.example/",
  "https://user:password@wallet.example/",
  "https://wallet.example:8443/",
  "http://wallet.example/",
  "//evil.example/",
  "/relative",
  "javascript:alert(1)//https://wallet.example",
  "https:evil.example",
  "https://wallet.example/#code=mine",
  "data:text/html,x",
  "blob:https://wallet.example/7d5f6a1e",
  "",
  `${WALLET}/${"x".repeat(2_048)}`,
])("a browser is not sent to %j", async (return_to) => {
  const refused = await start({ return_to });
  expect(refused.status).toBe(400);
  expect(refused.location).toBeNull();
  expect(refused.headers.get("content-type")).toContain("text/plain");
  expect(refused.text).toContain("ORIGIN_NOT_ALLOWED");
});

test("an address that readers may take for another's is written as the wallet's that it is", async () => {
  const refused = await start({ return_to: "https://wallet.example\\@evil.example/", challenge: "" });
  expect(refused.location).toBe("https://wallet.example/@evil.example/#error=FIELD_INVALID");
});

test("what else is wrong with the request is told to the wallet, or to nobody's page", async () => {
  expect((await start({ tenant: "nobody" })).status).toBe(400);
  expect((await start({ tenant: "nobody" })).location).toBeNull();
  for (const challenge of ["", "short", `${CHALLENGE}=`, VERIFIER.repeat(2)]) {
    expect(fragment((await start({ challenge })).location)).toEqual({ error: "FIELD_INVALID" });
  }
  expect(fragment((await start({}, "gogle")).location)).toEqual({ error: "IDENTITY_PROVIDER_NOT_FOUND" });
});

test("only GET of the two pages is answered", async () => {
  for (const [method, path] of [
    ["POST", "/auth/test/start"],
    ["GET", "/auth/test/other"],
    ["GET", "/auth/TEST/start"],
    ["GET", "/auth/test/start/more"],
  ] as const) {
    expect((await fetch(`${relay.app.address}${path}`, { method, redirect: "manual" })).status).toBe(404);
  }
  expect(await callReason(client.redeemSignInCode({ code: "x", verifier: VERIFIER }))).toBe(
    "REFRESH_TOKEN_INVALID",
  );
});
