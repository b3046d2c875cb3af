import { randomBytes } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { startDevnet } from "@countersign/devnet";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { SessionTenant } from "../contract/support/session-tenant.ts";
import { DENIED, NAMES } from "../contract/support/veto-contract.ts";
import { bearer } from "../session/support/session-relay.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { CLIENT_ID, CLIENT_SECRET, startOidcProvider } from "../support/oidc-provider.ts";
import type { SoftwarePasskey } from "../support/software-passkey.ts";
import { PREPARING_MS, prepareWorker } from "./support/bundle.ts";
import { type EdgeOptions, edgeTransport, startEdge } from "./support/edge-relay.ts";

beforeAll(prepareWorker, PREPARING_MS);

const ISSUER = "https://relay.example";
const SEED = randomBytes(32).toString("hex");
const nothing = async () => undefined;

/** A relay at the edge, at which the users of tenant "wallet" sign in. */
async function startSessions(session: object = {}, options: EdgeOptions & { readonly relay?: object } = {}) {
  const provider = await startOidcProvider();
  const edge = await startEdge({
    ...options,
    variables: { SEED, CLIENT_SECRET },
    relay: {
      tenants: [
        {
          id: "wallet",
          sign_in: {
            relying_parties: [{ id: "wallet.example", origins: ["https://wallet.example"] }],
            providers: [
              { id: "test", issuer: provider.issuer, client_id: CLIENT_ID, client_secret_name: "test" },
            ],
          },
        },
      ],
      session: {
        issuer: ISSUER,
        signing_keys: [{ id: "k1", seed: "env:SEED" }],
        client_secrets: { test: "env:CLIENT_SECRET" },
        ...session,
      },
      ...options.relay,
    },
  });
  const { address } = edge;
  const client = createClient(SessionService, edgeTransport(address));
  const made = { id: "wallet", address, provider, client, disable: nothing, pause: nothing };
  return { ...edge, client, tenant: new SessionTenant(made) };
}

/** Begins; answers what finishes at a relay that asks no contract. */
async function passkeySignIn(tenant: SessionTenant, passkey: SoftwarePasskey, userId = "") {
  const { accountId, ...request } = await tenant.passkeySignIn(passkey, userId);
  return request;
}

test("a user registers a passkey, signs in with it, refreshes, and ends a session", async () => {
  const { client, tenant } = await startSessions();
  const passkey = tenant.newPasskey();
  const { user } = await tenant.register(passkey);
  const finished = await client.finishPasskeySignIn(await passkeySignIn(tenant, passkey, user?.id));
  const { signedIn } = finished;
  expect(signedIn?.user?.id).toBe(user?.id);
  const headers = bearer(signedIn?.accessToken ?? "");
  const { sessions } = await client.listSessions({}, { headers });
  expect(sessions).toHaveLength(2);
  const refreshed = await client.refreshSession({ refreshToken: signedIn?.refreshToken ?? "" });
  const { accessToken = "", refreshToken = "" } = refreshed.signedIn ?? {};
  expect(refreshToken).not.toBe(signedIn?.refreshToken);
  await client.revokeSession({}, { headers: bearer(accessToken) });
  // Both tokens of the session, at once.
  for (const token of [accessToken, signedIn?.accessToken ?? ""]) {
    expect(await outcomeOf(client.getUser({}, { headers: bearer(token) }))).toBe("CREDENTIALS_REVOKED");
  }
  expect(await outcomeOf(client.refreshSession({ refreshToken }))).not.toBe("answered");
});

test("what was begun is finished once, also by another life of the object, and sessions outlive it", async () => {
  const first = await startSessions();
  const passkey = first.tenant.newPasskey();
  const signedIn = await first.tenant.register(passkey);
  const userId = signedIn.user?.id ?? "";
  const request = await passkeySignIn(first.tenant, passkey, userId);
  await first.stop();

  const { client } = await startSessions({}, { storage: first.storage });
  expect(await outcomeOf(client.finishPasskeySignIn(request))).toBe("answered");
  expect(await outcomeOf(client.finishPasskeySignIn(request))).toBe("CHALLENGE_INVALID");
  const { user } = await client.getUser({}, { headers: bearer(signedIn.accessToken) });
  expect(user?.id).toBe(userId);
  expect(await outcomeOf(client.refreshSession({ refreshToken: signedIn.refreshToken }))).toBe("answered");
});

test("of sign-ins that are finished at the same time, one succeeds", async () => {
  const { client, tenant } = await startSessions();
  const passkey = tenant.newPasskey();
  const { user } = await tenant.register(passkey);
  const request = await passkeySignIn(tenant, passkey, user?.id);
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, () => outcomeOf(client.finishPasskeySignIn(request))),
  );
  expect(outcomes.filter((outcome) => outcome === "answered")).toHaveLength(1);
});

// A statement there has a hundred parameters at most.
test("all of a user's sessions are ended at once, however many there are", async () => {
  const { client, tenant } = await startSessions();
  for (let i = 0; i < 60; i++) await tenant.signIn("alice");
  const { accessToken } = await tenant.signIn("alice");
  const { ended } = await client.revokeSession({ all: true }, { headers: bearer(accessToken) });
  expect(ended).toBe(61);
});

test("users sign in with an identity provider, by ID token and by redirect", async () => {
  const { client, tenant } = await startSessions();
  const { user } = await tenant.signIn("alice");
  const { code, verifier } = await tenant.redirect();
  const { signedIn } = await client.redeemSignInCode({ code, verifier });
  expect(user?.identities).toHaveLength(1);
  expect(signedIn?.accessToken).not.toBe("");
});

test("a contract confirms a passkey's account by a view of it", async () => {
  const devnet = await startDevnet({ blockTimeMs: 0, accounts: [NAMES] });
  onTestFinished(() => devnet.stop());
  const near = { endpoints: devnet.rpcUrls.map((url) => ({ url })) };
  const asked = { contract_verification: { contract: NAMES.id, method: "is_allowed" } };
  const { client, tenant } = await startSessions(asked, { relay: { near } });
  const passkey = tenant.newPasskey();
  const { user } = await tenant.register(passkey);
  const finish = async (accountId: string) => {
    const request = await tenant.passkeySignIn(passkey, user?.id ?? "");
    return outcomeOf(client.finishPasskeySignIn({ ...request, accountId }));
  };
  expect(await finish("alice.test")).toBe("answered");
  expect(await finish(DENIED[0] ?? "")).toBe("CONTRACT_DENIED");
});

test("sessions come with the keys that verify them, and with CORS for the tenant's wallets alone", async () => {
  const { address } = await startSessions();
  const keySet = await fetch(`${address}/.well-known/jwks.json`);
  expect(await keySet.json()).toMatchObject({ keys: [{ kid: "k1", crv: "Ed25519" }] });
  const begin = (origin: string) =>
    fetch(`${address}/${SessionService.typeName}/BeginPasskeySignIn`, {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: JSON.stringify({ tenant: "wallet", rpId: "wallet.example" }),
    });
  const allowed = await begin("https://wallet.example");
  expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([
    200,
    "https://wallet.example",
  ]);
  const other = await begin("https://evil.example");
  expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([403, null]);
});

test("without credentials, or with those of nobody, there is no user", async () => {
  const { client } = await startSessions();
  expect(await outcomeOf(client.getUser({}))).toBe("CREDENTIALS_MISSING");
  const headers = { authorization: "Bearer cs_live_x" };
  expect(await outcomeOf(client.getUser({}, { headers }))).toBe("CREDENTIALS_INVALID");
});

test("in cookie mode a page gets no token, and cookies carry the session", async () => {
  const relay = { cors: { credentials: true } };
  const { address, tenant } = await startSessions({ cookies: {} }, { relay });
  const passkey = tenant.newPasskey();
  const page = { origin: "https://wallet.example", "x-countersign-csrf": "1" };
  const post = async (method: string, body: object, cookie = "") =>
    fetch(`${address}/${SessionService.typeName}/${method}`, {
      method: "POST",
      headers: { ...page, "content-type": "application/json", cookie },
      body: JSON.stringify(body),
    });
  const request = await tenant.registration(passkey, {}, page);
  const answer = await post("FinishPasskeyRegistration", request);
  const { signedIn } = (await answer.json()) as { signedIn: Record<string, unknown> };
  expect([signedIn.accessToken, signedIn.refreshToken]).toEqual([undefined, undefined]);
  const cookies = answer.headers.getSetCookie();
  expect(cookies).toHaveLength(2);
  const cookie = cookies.map((one) => one.split(";")[0]).join("; ");
  expect((await post("ListSessions", {}, cookie)).status).toBe(200);
});
