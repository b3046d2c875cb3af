import { createHmac, randomBytes } from "node:crypto";
import { AppTokenAuthenticator } from "@countersign/server/access/app-token-authenticator.ts";
import { type AppTokenIssuer, AppTokenVerifier } from "@countersign/server/access/app-token-verifier.ts";
import { TokenAuthenticator } from "@countersign/server/access/token-authenticator.ts";
import { DEFAULT_KEY_FETCHING, TokenKeys } from "@countersign/server/access/token-keys.ts";
import { LedgerUnavailableError } from "@countersign/server/ledger/errors.ts";
import { AppTokenMinter } from "@countersign/server/session/app-token-minter.ts";
import { RefreshToken } from "@countersign/server/session/refresh-token.ts";
import { SigningKeys } from "@countersign/server/session/signing-keys.ts";
import { newUserId } from "@countersign/server/session/user-id.ts";
import { DomainError, reasonName, Secret } from "@countersign/service-kit";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { issuerKey, token as issuersToken, keySet, startKeyServer } from "../access/support/key-server.ts";
import { after, apiKey, Protection, START, tenant, tokenIssuer } from "../access/support/protection.ts";

const ISSUER = "https://relay.example";
const AUDIENCE = "countersign";
const seed = (byte: number) => new Secret(Buffer.alloc(32, byte).toString("hex"));
const SESSION = {
  ...{ id: "ses_1", tenant: "acme", userId: "u_bob", createdAt: START, refreshedAt: START },
  ...{ idleAt: after(3600), expiresAt: after(86_400) },
};

const unexpected = () => {
  throw new Error("it was taken");
};
const reasonOf = (call: Promise<unknown>) =>
  call.then(unexpected, (error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
    return reasonName(error.reason);
  });

interface Options {
  readonly now?: () => Date;
  readonly isEnded?: (id: string) => boolean;
  readonly peers?: readonly AppTokenIssuer[];
  readonly keys?: SigningKeys;
}

function relay({ now = () => START, isEnded = () => false, peers = [], keys: given }: Options = {}) {
  const keys = given ?? new SigningKeys([{ id: "k1", seed: seed(1) }], now);
  const own: AppTokenIssuer = { issuer: ISSUER, audience: AUDIENCE, keys: keys.keyOf, tenants: null };
  const verifier = new AppTokenVerifier({ issuers: [own, ...peers], isEnded, now });
  const minter = new AppTokenMinter({ issuer: ISSUER, audience: AUDIENCE, lifetimeS: 300, keys, now });
  return { keys, verifier, minter };
}

/** Signed with the relay's own key, and changed as told; undefined leaves a claim out. */
function forged(
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
  key: SigningKeys = relay().keys,
): Promise<string> {
  const iat = START.getTime() / 1000;
  const good = { iss: ISSUER, aud: AUDIENCE, sub: "u_bob", tenant: "acme", sid: "ses_1", sst: iat };
  return new SignJWT({ ...good, iat, exp: iat + 300, ...claims })
    .setProtectedHeader({ alg: "EdDSA", typ: "cs-app+jwt", kid: "k1", ...header })
    .sign(key.current().privateKey);
}

describe("an app token", () => {
  test("is a short EdDSA token that names user, tenant and session", async () => {
    const { minter, verifier } = relay();
    const { token, expiresAt } = await minter.mint(SESSION);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "EdDSA", typ: "cs-app+jwt", kid: "k1" });
    const iat = START.getTime() / 1000;
    expect(decodeJwt(token)).toEqual({
      ...{ iss: ISSUER, aud: AUDIENCE, sub: "u_bob", tenant: "acme", sid: "ses_1" },
      ...{ sst: iat, iat, exp: iat + 300 },
    });
    expect(expiresAt).toEqual(after(300));
    const session = { id: "ses_1", startedAt: START };
    expect(await verifier.verify(token)).toEqual({ tenant: "acme", userId: "u_bob", session });
  });

  test("ends with its session", async () => {
    const { expiresAt } = await relay().minter.mint({ ...SESSION, expiresAt: after(60) });
    expect(expiresAt).toEqual(after(60));
  });

  test("expires", async () => {
    const { token } = await relay().minter.mint(SESSION);
    expect(await reasonOf(relay({ now: () => after(300) }).verifier.verify(token))).toBe(
      "CREDENTIALS_EXPIRED",
    );
  });

  test("of an ended session is refused, and while that is not known", async () => {
    const { token } = await relay().minter.mint(SESSION);
    const ended = relay({ isEnded: (id) => id === "ses_1" });
    expect(await reasonOf(ended.verifier.verify(token))).toBe("CREDENTIALS_REVOKED");
    const away = relay({
      isEnded: () => {
        throw new LedgerUnavailableError("away");
      },
    });
    expect(await reasonOf(away.verifier.verify(token))).toBe("LEDGER_UNAVAILABLE");
  });

  const hour = START.getTime() / 1000 + 3600;
  test.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ["another issuer", { iss: "https://other.example" }],
    ["no issuer", { iss: undefined }],
    ["another audience", { aud: "another" }],
    ["no audience", { aud: undefined }],
    ["no subject", { sub: undefined }],
    ["a subject that is no user's", { sub: "a b" }],
    ["no tenant", { tenant: undefined }],
    ["a tenant that is no text", { tenant: 7 }],
    ["no session", { sid: undefined }],
    ["no start of its session", { sst: undefined }],
    ["a start that is no number", { sst: "1" }],
    ["no end", { exp: undefined }],
    ["no time of issue", { iat: undefined }],
    ["a life that is too long", { exp: hour }],
    ["a time of issue in the future", { iat: hour, exp: hour + 1 }],
    ["the type of other tokens", {}, { typ: "JWT" }],
    ["the type of threshold tokens", {}, { typ: "cst+jwt" }],
    ["no type", {}, { typ: undefined }],
    ["the id of a key that is not there", {}, { kid: "k2" }],
    ["no key id", {}, { kid: undefined }],
  ])("with %s is refused", async (_, claims, header = {}) => {
    const { verifier } = relay();
    expect(await reasonOf(verifier.verify(await forged(claims, header)))).toBe("CREDENTIALS_INVALID");
  });

  test("that is taken unchanged by these tests is good", async () => {
    expect((await relay().verifier.verify(await forged())).userId).toBe("u_bob");
  });

  test("of another key under the same id is refused", async () => {
    const stranger = new SigningKeys([{ id: "k1", seed: seed(9) }], () => START);
    expect(await reasonOf(relay().verifier.verify(await forged({}, {}, stranger)))).toBe(
      "CREDENTIALS_INVALID",
    );
  });

  test("that nobody signed, or that the public key signed as a secret, is refused", async () => {
    const { keys, verifier } = relay();
    const [head, body] = (await forged()).split(".");
    const none = new UnsecuredJWT(decodeJwt(`${head}.${body}.x`)).encode();
    expect(await reasonOf(verifier.verify(none))).toBe("CREDENTIALS_INVALID");
    const hs = Buffer.from(JSON.stringify({ alg: "HS256", typ: "cs-app+jwt", kid: "k1" })).toString(
      "base64url",
    );
    for (const secret of [
      keys.keySet().keys[0]?.x ?? "",
      Buffer.from(keys.keySet().keys[0]?.x ?? "", "base64url"),
      JSON.stringify(keys.keySet().keys[0]),
    ]) {
      const mac = createHmac("sha256", secret).update(`${hs}.${body}`).digest("base64url");
      expect(await reasonOf(verifier.verify(`${hs}.${body}.${mac}`))).toBe("CREDENTIALS_INVALID");
    }
  });

  test("with any byte changed is refused", async () => {
    const { verifier } = relay();
    const token = await forged();
    for (let i = 0; i < token.length - 1; i += 7) {
      const changed = `${token.slice(0, i)}${token[i] === "A" ? "B" : "A"}${token.slice(i + 1)}`;
      expect(await reasonOf(verifier.verify(changed))).toMatch(/^CREDENTIALS_(INVALID|EXPIRED)$/);
    }
  });
});

describe("a token that was verified a moment ago", () => {
  async function counted() {
    let now = START;
    let asked = 0;
    const { keys } = relay();
    const counting: AppTokenIssuer["keys"] = (...all) => {
      asked += 1;
      return keys.keyOf(...all);
    };
    const ended = new Set<string>();
    const issuer = { issuer: ISSUER, audience: AUDIENCE, keys: counting, tenants: null };
    const verifier = new AppTokenVerifier({
      ...{ issuers: [issuer], now: () => now },
      isEnded: (id) => ended.has(id),
    });
    return {
      ...{ verifier, ended },
      asked: () => asked,
      pass: (seconds: number) => {
        now = after(seconds);
      },
    };
  }

  test("is not verified again for a minute", async () => {
    const { verifier, asked, pass } = await counted();
    const token = await forged();
    const first = await verifier.verify(token);
    pass(59);
    expect(await verifier.verify(token)).toEqual(first);
    expect(asked()).toBe(1);
    pass(60);
    await verifier.verify(token);
    expect(asked()).toBe(2);
    // No other token is taken for it.
    expect(await reasonOf(verifier.verify(`${token.slice(0, -2)}AA`))).toBe("CREDENTIALS_INVALID");
  });

  test("is refused as soon as its session has ended, and when it has expired", async () => {
    const { verifier, ended, pass } = await counted();
    const iat = START.getTime() / 1000;
    const token = await forged({ exp: iat + 30 });
    await verifier.verify(token);
    ended.add("ses_1");
    expect(await reasonOf(verifier.verify(token))).toBe("CREDENTIALS_REVOKED");
    ended.clear();
    pass(29);
    await verifier.verify(token);
    pass(30);
    expect(await reasonOf(verifier.verify(token))).toBe("CREDENTIALS_EXPIRED");
  });
});

describe("rotating keys", () => {
  const older = { id: "k1", seed: seed(1) };
  const newer = { id: "k2", seed: seed(2) };

  test("the first key signs, and all verify", async () => {
    const before = relay({ keys: new SigningKeys([older, newer], () => START) });
    const after_ = relay({ keys: new SigningKeys([newer, older], () => START) });
    const { token: old } = await before.minter.mint(SESSION);
    const { token: fresh } = await after_.minter.mint(SESSION);
    expect(decodeProtectedHeader(fresh).kid).toBe("k2");
    for (const token of [old, fresh]) {
      expect((await before.verifier.verify(token)).userId).toBe("u_bob");
      expect((await after_.verifier.verify(token)).userId).toBe("u_bob");
    }
    expect(before.keys.keySet().keys.map(({ kid }) => kid)).toEqual(["k1", "k2"]);
  });

  test("a key past its time neither signs nor verifies nor is published", async () => {
    let now = START;
    const keys = new SigningKeys([{ ...older, notAfter: after(60) }, newer], () => now);
    const { minter, verifier } = relay({ keys, now: () => now });
    const { token, expiresAt } = await minter.mint(SESSION);
    expect(expiresAt).toEqual(after(60));
    now = after(59);
    expect((await verifier.verify(token)).userId).toBe("u_bob");
    now = after(60);
    expect(await reasonOf(verifier.verify(token))).toBe("CREDENTIALS_INVALID");
    expect(decodeProtectedHeader((await minter.mint(SESSION)).token).kid).toBe("k2");
    expect(keys.keySet().keys.map(({ kid }) => kid)).toEqual(["k2"]);
  });

  test("the published keys are public ones, and verify", async () => {
    const { keys, minter } = relay();
    expect(keys.keySet().keys).toEqual([
      { kty: "OKP", crv: "Ed25519", x: expect.any(String), kid: "k1", use: "sig", alg: "EdDSA" },
    ]);
    const published = createLocalJWKSet(JSON.parse(JSON.stringify(keys.keySet())));
    const elsewhere = relay({ keys: Object.assign(keys, { keyOf: published }) });
    expect((await elsewhere.verifier.verify((await minter.mint(SESSION)).token)).userId).toBe("u_bob");
  });
});

describe("a peer's tokens", () => {
  const PEER = "https://peer.example";
  const peerKeys = new SigningKeys([{ id: "p1", seed: seed(5) }], () => START);

  async function withPeer() {
    const answer = JSON.stringify(peerKeys.keySet());
    const server = await startKeyServer((_, response) => response.end(answer));
    const fetched = new TokenKeys({
      fetching: DEFAULT_KEY_FETCHING,
      now: () => START,
      onUnavailable: () => undefined,
    });
    const source = { issuer: PEER, jwksUri: server.url, jwksJson: "" };
    const peer: AppTokenIssuer = {
      ...{ issuer: PEER, audience: "us", keys: fetched.of(source) },
      tenants: new Set(["acme"]),
    };
    return { server, ...relay({ peers: [peer], isEnded: (id) => id === "ended-here" }) };
  }
  const peers = (claims: Record<string, unknown> = {}) =>
    forged({ iss: PEER, aud: "us", ...claims }, { kid: "p1" }, peerKeys);

  test("prove its users, without a session of this relay", async () => {
    const { verifier } = await withPeer();
    const proven = { tenant: "acme", userId: "u_bob", session: null };
    expect(await verifier.verify(await peers())).toEqual(proven);
    // Ids of sessions are each relay's own.
    expect(await verifier.verify(await peers({ sid: "ended-here" }))).toEqual(proven);
  });

  test("are refused for other tenants, audiences and issuers", async () => {
    const { verifier } = await withPeer();
    for (const claims of [
      { tenant: "other" },
      { aud: AUDIENCE },
      { iss: ISSUER },
      { iss: "https://x.example" },
    ]) {
      expect(await reasonOf(verifier.verify(await peers(claims)))).toBe("CREDENTIALS_INVALID");
    }
    expect(await reasonOf(verifier.verify(await forged({ iss: PEER, aud: "us" })))).toBe(
      "CREDENTIALS_INVALID",
    );
  });

  test("may be good later while its keys cannot be had", async () => {
    const { server, verifier } = await withPeer();
    server.answer = (_, response) => response.writeHead(503).end();
    expect(await reasonOf(verifier.verify(await peers()))).toBe("TOKEN_KEYS_UNAVAILABLE");
  });
});

describe("kinds of tokens are never taken for each other", () => {
  async function world(cookies = false) {
    const signer = await issuerKey("k1", "EdDSA");
    const { verifier, minter, keys } = relay();
    const signIn = {
      relyingParties: [
        {
          ...{ id: "wallet.example", name: "", userVerificationOptional: false },
          origins: ["https://wallet.example"],
        },
      ],
      providers: [],
      scopes: ["read", "submit", "end-users", "made-up"],
    };
    const own = tokenIssuer({ jwksJson: await keySet(signer), algorithms: ["EdDSA"] });
    // An operator's mistake: the relay's own tokens as a tenant's.
    const relays = tokenIssuer({
      ...{ issuer: ISSUER, audience: AUDIENCE, algorithms: ["EdDSA"] },
      jwksJson: JSON.stringify(keys.keySet()),
    });
    const tenants = [tenant("acme", { tokenIssuers: [own, relays], signIn })];
    const directory = await new Protection({ tenants, keys: [apiKey("acme").key] }).directory();
    const tokens = new TokenAuthenticator({
      ...{ directory, fetching: DEFAULT_KEY_FETCHING, now: () => START },
      onUnavailable: () => undefined,
    });
    const apps = new AppTokenAuthenticator({ verifier, cookies });
    const authenticate = (headers: Record<string, string>) =>
      apps.authenticate({ headers: new Headers(headers), directory });
    const optional = (headers: Record<string, string>) =>
      apps.optionalCaller({ headers: new Headers(headers), directory });
    return { signer, minter, tokens, authenticate, optional };
  }
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

  test("an app token is its user with the tenant's scopes, but for naming others", async () => {
    const { minter, authenticate } = await world();
    const { token } = await minter.mint(SESSION);
    expect(await authenticate(bearer(token))).toEqual({
      ...{ tenant: "acme", id: "user:u_bob", actor: "user:u_bob", keyId: null, endUser: "u_bob" },
      budgetUser: "user:u_bob",
      scopes: new Set(["read", "submit"]),
      appSession: { id: "ses_1", startedAt: START },
    });
  });

  test("an app token is no issuer's token, even where a tenant trusts the relay's keys", async () => {
    const { minter, tokens, signer } = await world();
    expect(await reasonOf(tokens.authenticate((await minter.mint(SESSION)).token))).toBe(
      "CREDENTIALS_INVALID",
    );
    expect((await tokens.authenticate(await issuersToken(signer))).endUser).toBe("bob");
  });

  test("an issuer's subject is never one of the users who sign in here", async () => {
    const { tokens, signer } = await world();
    const refused = tokens.authenticate(await issuersToken(signer, { sub: newUserId(randomBytes) }));
    expect(await reasonOf(refused)).toBe("CREDENTIALS_INVALID");
    expect((await tokens.authenticate(await issuersToken(signer, { sub: "u_bob" }))).endUser).toBe("u_bob");
  });

  test("other credentials are not the app tokens' authenticator's", async () => {
    const { authenticate, signer } = await world();
    const others = [
      await issuersToken(signer),
      apiKey("acme").text,
      "cst_c2VjcmV0",
      RefreshToken.mint(randomBytes).text(),
    ];
    for (const text of others) expect(await authenticate(bearer(text))).toBeUndefined();
    expect(await authenticate({})).toBeUndefined();
  });

  test("where signing in is optional, other credentials are refused, and none are fine", async () => {
    const { optional, minter, signer } = await world();
    expect(await optional({})).toBeUndefined();
    expect((await optional(bearer((await minter.mint(SESSION)).token)))?.endUser).toBe("u_bob");
    for (const text of [await issuersToken(signer), apiKey("acme").text, "cst_c2VjcmV0"]) {
      expect(await reasonOf(optional(bearer(text)))).toBe("CREDENTIALS_INVALID");
    }
  });

  test("a cookie counts in cookie mode alone, from a wallet's page that says that it means it", async () => {
    const { token } = await relay().minter.mint(SESSION);
    const cookie = `theme=dark; __Host-cs_session=${token}`;
    const page = { origin: "https://wallet.example", "x-countersign-csrf": "1" };
    expect(await (await world(false)).authenticate({ cookie, ...page })).toBeUndefined();
    const { authenticate } = await world(true);
    expect((await authenticate({ cookie, ...page }))?.endUser).toBe("u_bob");
    const refused = (headers: Record<string, string>) => reasonOf(authenticate({ cookie, ...headers }));
    expect(await refused({})).toBe("CREDENTIALS_MISSING");
    expect(await refused({ origin: page.origin })).toBe("CREDENTIALS_MISSING");
    expect(await refused({ "x-countersign-csrf": "1" })).toBe("CREDENTIALS_MISSING");
    expect(await refused({ ...page, origin: "https://evil.example" })).toBe("ORIGIN_NOT_ALLOWED");
    expect(await refused({ ...page, origin: "null" })).toBe("ORIGIN_NOT_ALLOWED");
  });
});
