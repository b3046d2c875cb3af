import type { SignedIn } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { expect, test } from "vitest";
import { startOidcProvider } from "../support/oidc-provider.ts";
import { callReason } from "./support/call-reason.ts";
import { madeToken } from "./support/made-token.ts";
import { bearer, sessionClient, signIn, startSessionRelay, TENANT } from "./support/session-relay.ts";

async function world(session: object = {}) {
  const provider = await startOidcProvider();
  const relay = await startSessionRelay(provider, { session });
  const { address } = relay.app;
  const client = sessionClient(address);
  const alice = await signIn(client, provider);
  const other = await signIn(client, provider, { claims: { sub: "other" } });
  /** With a token that was made now, of the session as if it had begun so many seconds ago. */
  const as = async (who: SignedIn, agoS: number) =>
    sessionClient(address, bearer(await madeToken(who, { startedAgoS: agoS })));
  return { provider, client, alice, other, as };
}

/** All that changes how a user signs in, begun with such a session. */
async function changes({ alice, other, as }: Awaited<ReturnType<typeof world>>, agoS: number) {
  const client = await as(alice, agoS);
  return [
    await callReason(
      client.beginPasskeyRegistration({ tenant: TENANT, rpId: "wallet.example", userName: "a" }),
    ),
    await callReason(client.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" })),
    await callReason(client.unlinkIdentity({ identityId: alice.user?.identities[0]?.id ?? "" })),
    await callReason(client.mergeUsers({ otherAccessToken: other.accessToken })),
  ];
}

const FINE = ["none", "none", "IDENTITY_IS_LAST", "none"];
const TOO_OLD = Array.from({ length: 4 }, () => "SESSION_NOT_FRESH");

test("a session that began more than ten minutes ago links, unlinks and merges nothing", async () => {
  const relay = await world();
  expect(await changes(relay, 660)).toEqual(TOO_OLD);
  // It is as good as ever for the rest.
  const { user } = await (await relay.as(relay.alice, 660)).getUser({});
  expect(user?.identities).toHaveLength(1);
  expect(await changes(relay, 540)).toEqual(FINE);
});

test("how old it may be is the operator's to say", async () => {
  const relay = await world({ fresh_s: 3600 });
  expect(await changes(relay, 3660)).toEqual(TOO_OLD);
  expect(await changes(relay, 3540)).toEqual(FINE);
});

test("the other user's session must be as fresh", async () => {
  const { alice, other, as } = await world();
  const merge = async (agoS: number) =>
    (await as(alice, 0)).mergeUsers({ otherAccessToken: await madeToken(other, { startedAgoS: agoS }) });
  expect(await callReason(merge(660))).toBe("MERGE_PROOF_INVALID");
  expect(await callReason(merge(540))).toBe("none");
});

test("what a fresh session began another one of the user does not finish", async () => {
  const { provider, client, alice, as } = await world();
  const older = await as(alice, 660);
  const fresh = await signIn(client, provider);
  const asFresh = await as(fresh, 0);
  const { signInId, nonce } = await asFresh.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" });
  const idToken = await provider.idToken(nonce, { claims: { sub: "thief" } });
  expect(await callReason(older.finishIdTokenSignIn({ signInId, idToken }))).toBe("CHALLENGE_INVALID");
  expect((await older.getUser({})).user?.identities).toHaveLength(1);
});

test("refreshing makes no session younger", async () => {
  const { client, alice } = await world();
  const { signedIn } = await client.refreshSession({ refreshToken: alice.refreshToken });
  const startOf = (token: string) =>
    JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).sst;
  expect(startOf(signedIn?.accessToken ?? "")).toBe(startOf(alice.accessToken));
});
