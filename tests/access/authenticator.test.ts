import { type Authenticator, createAuthenticator } from "@countersign/server/access/authenticator.ts";
import { userCaller } from "@countersign/server/access/callers.ts";
import { TokenAuthenticator } from "@countersign/server/access/token-authenticator.ts";
import { DEFAULT_KEY_FETCHING } from "@countersign/server/access/token-keys.ts";
import type { ApiKey } from "@countersign/server/ledger/protection-types.ts";
import { DomainError, reasonName } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { unexpected } from "../transport/small-relay.ts";
import { issuerKey, keySet, token } from "./support/key-server.ts";
import { after, apiKey, HASHER, Protection, START, tenant, tokenIssuer } from "./support/protection.ts";

async function authenticator(keys: readonly ApiKey[], custom: readonly Authenticator[] = []) {
  const signer = await issuerKey("k1");
  const tokenIssuers = [tokenIssuer({ jwksJson: await keySet(signer) })];
  const directory = await new Protection({ tenants: [tenant("acme", { tokenIssuers })], keys }).directory();
  const now = () => START;
  const tokens = new TokenAuthenticator({
    directory,
    fetching: DEFAULT_KEY_FETCHING,
    now,
    onUnavailable: unexpected,
  });
  const authenticate = createAuthenticator({ directory, hasher: HASHER, tokens, custom, now });
  return { signer, call: (headers: Record<string, string>) => authenticate(new Headers(headers)) };
}

/** Reason and message of the refusal, and whose credentials they proved to be. */
function refusal(call: Promise<unknown>) {
  return call.then(unexpected, (error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
    const { message, reason } = error;
    return { reason: reasonName(reason), message, whose: "whose" in error ? error.whose : undefined };
  });
}

test("a key proves its tenant and scopes", async () => {
  const { key, text } = apiKey("acme", { scopes: ["read"] });
  const { call } = await authenticator([key]);
  const expected = { tenant: "acme", keyId: key.id, scopes: new Set(["read"]) };
  expect(await call({ authorization: `Bearer ${text}` })).toMatchObject(expected);
  expect(await call({ "x-api-key": text })).toMatchObject(expected);
});

test("a token proves its user", async () => {
  const { call, signer } = await authenticator([]);
  expect(await call({ authorization: `Bearer ${await token(signer)}` })).toMatchObject({ endUser: "bob" });
});

test("a call without credentials is told that they are missing", async () => {
  const { call } = await authenticator([]);
  expect(await refusal(call({}))).toMatchObject({ reason: "CREDENTIALS_MISSING" });
});

test("a key that is unknown, one with a wrong secret, and a wrong secret of a revoked one are told the same", async () => {
  const known = apiKey("acme");
  const revoked = apiKey("acme", { revokedAt: START, expiresAt: START });
  const stranger = apiKey("acme");
  const { call } = await authenticator([known.key, revoked.key]);
  const secret = stranger.text.slice(stranger.text.lastIndexOf("_"));
  const withWrongSecret = (id: string) => `cs_live_${id}${secret}`;
  const texts = [stranger.text, withWrongSecret(known.key.id), withWrongSecret(revoked.key.id), "cs_live_x"];
  for (const text of texts) {
    expect(await refusal(call({ "x-api-key": text }))).toEqual({
      reason: "CREDENTIALS_INVALID",
      message: "the credentials are not valid",
      whose: undefined,
    });
  }
});

test.each<[string, Partial<ApiKey>, string]>([
  ["was revoked", { revokedAt: START }, "CREDENTIALS_REVOKED"],
  ["ends now", { expiresAt: START }, "CREDENTIALS_EXPIRED"],
  ["was revoked and has ended", { revokedAt: START, expiresAt: after(-1) }, "CREDENTIALS_REVOKED"],
])("who holds the secret of a key that %s is told so", async (_, changes, reason) => {
  const { key, text } = apiKey("acme", changes);
  const { call } = await authenticator([key]);
  const whose = { tenant: "acme", actor: `key:${key.id}` };
  expect(await refusal(call({ "x-api-key": text }))).toMatchObject({ reason, whose });
});

test("a key that ends later is good until then", async () => {
  const { key, text } = apiKey("acme", { expiresAt: after(0.001) });
  const { call } = await authenticator([key]);
  expect(await call({ "x-api-key": text })).toMatchObject({ keyId: key.id });
});

test("a custom authenticator is asked first, and keys are taken where it knows nobody", async () => {
  const { key, text } = apiKey("acme");
  const session: Authenticator = {
    authenticate: async ({ headers, directory }) =>
      headers.get("cookie") === "session=1" && directory.tenant("acme") !== undefined
        ? userCaller("acme", "carol", ["read"])
        : undefined,
  };
  const { call } = await authenticator([key], [session]);
  expect(await call({ cookie: "session=1", "x-api-key": text })).toMatchObject({ endUser: "carol" });
  expect(await call({ cookie: "session=2", "x-api-key": text })).toMatchObject({ keyId: key.id });
  expect(await refusal(call({ cookie: "session=2" }))).toMatchObject({ reason: "CREDENTIALS_MISSING" });
});

test("a custom authenticator that fails lets nobody in", async () => {
  const { key, text } = apiKey("acme");
  const failing: Authenticator = {
    authenticate: () => Promise.reject(new Error("the session store is away")),
  };
  const { call } = await authenticator([key], [failing]);
  await expect(call({ "x-api-key": text })).rejects.toThrow("the session store is away");
});
