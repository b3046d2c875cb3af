import { createHash, randomBytes } from "node:crypto";
import { PauseLevel } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import type { SignedIn } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { expect, test } from "vitest";
import { createOperator } from "../protection/support/admin.ts";
import { startOidcProvider } from "../support/oidc-provider.ts";
import { SoftwarePasskey } from "../support/software-passkey.ts";
import { assertionJson, registrationJson } from "./passkey-world.ts";
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

const RP_ID = "wallet.example";

async function world() {
  const provider = await startOidcProvider();
  const operator = await createOperator();
  const other = signInTenant(provider, { tenant: "other" });
  const away = { relyingParties: [], providers: other.signIn?.providers ?? [], scopes: [] };
  const relay = await startSessionRelay(provider, {
    settings: { admin: operator.setting },
    tenants: [signInTenant(provider), { ...other, signIn: away }],
  });
  const { address, adminAddress } = relay.app;
  const client = sessionClient(address);
  const as = ({ accessToken }: SignedIn) => sessionClient(address, bearer(accessToken));

  async function idToken(tenant = TENANT) {
    const { signInId, nonce } = await client.beginIdTokenSignIn({ tenant, providerId: "test" });
    return { signInId, idToken: await provider.idToken(nonce) };
  }
  const startRedirect = async () => {
    const verifier = randomBytes(32).toString("base64url");
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const query = new URLSearchParams({ tenant: TENANT, return_to: `${WALLET}/`, challenge });
    const response = await fetch(`${address}/auth/test/start?${query}`, { redirect: "manual" });
    return { response, verifier, location: response.headers.get("location") ?? "" };
  };
  async function redirect() {
    const { response, verifier, location } = await startRedirect();
    const [cookie = ""] = response.headers.getSetCookie();
    const back = provider.authorize(location);
    const headers = { cookie: cookie.split(";")[0] ?? "" };
    const done = await fetch(`${address}${back.pathname}${back.search}`, { redirect: "manual", headers });
    const { hash } = new URL(done.headers.get("location") ?? "");
    return { code: new URLSearchParams(hash.slice(1)).get("code") ?? "", verifier };
  }
  const beginRegistration = () =>
    client.beginPasskeyRegistration({ tenant: TENANT, rpId: RP_ID, userName: "a" });
  async function registration(passkey: SoftwarePasskey) {
    const { registrationId, optionsJson } = await beginRegistration();
    const json = registrationJson(passkey, JSON.parse(optionsJson).challenge);
    return { registrationId, credentialJson: JSON.stringify(json) };
  }
  const beginSignIn = () => client.beginPasskeySignIn({ tenant: TENANT, rpId: RP_ID });
  async function passkeySignIn(passkey: SoftwarePasskey, userId: string) {
    const { signInId, optionsJson } = await beginSignIn();
    const json = assertionJson(passkey, JSON.parse(optionsJson).challenge, userId);
    return { signInId, credentialJson: JSON.stringify(json) };
  }

  /** All that signs in or changes how a user does, ready to be called once. */
  async function prepared() {
    const passkey = new SoftwarePasskey({ rpId: RP_ID, origin: WALLET });
    const { signedIn } = await client.finishPasskeyRegistration(await registration(passkey));
    if (signedIn === undefined) throw new Error("nobody was signed in");
    const userId = signedIn.user?.id ?? "";
    const eve = await signIn(client, provider, { claims: { sub: randomBytes(8).toString("hex") } });
    const another = await registration(new SoftwarePasskey({ rpId: RP_ID, origin: WALLET }));
    const [begunSignIn, begunIdToken, code] = [
      await passkeySignIn(passkey, userId),
      await idToken(),
      await redirect(),
    ];
    const identityId = signedIn.user?.identities[0]?.id ?? "";
    return {
      signedIn,
      calls: {
        BeginPasskeyRegistration: beginRegistration,
        FinishPasskeyRegistration: () => client.finishPasskeyRegistration(another),
        BeginPasskeySignIn: beginSignIn,
        FinishPasskeySignIn: () => client.finishPasskeySignIn(begunSignIn),
        BeginIdTokenSignIn: () => client.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" }),
        FinishIdTokenSignIn: () => client.finishIdTokenSignIn(begunIdToken),
        RedeemSignInCode: () => client.redeemSignInCode(code),
        MergeUsers: () => as(signedIn).mergeUsers({ otherAccessToken: eve.accessToken }),
        UnlinkIdentity: () => as(signedIn).unlinkIdentity({ identityId }),
      },
    };
  }
  const pauses = operator.client(PauseService, adminAddress);
  return { client, as, prepared, pauses, idToken, startRedirect };
}

test.each([
  ["relay", { level: PauseLevel.RELAY, target: "" }],
  ["tenant", { level: PauseLevel.TENANT, target: TENANT }],
])("while the %s is paused nobody signs in and no identity changes; sessions go on", async (_, what) => {
  const { client, as, prepared, pauses, idToken, startRedirect } = await world();
  const { signedIn, calls } = await prepared();
  const others = await idToken("other");
  await pauses.pause({ ...what, reason: "incident" });
  for (const [name, call] of Object.entries(calls)) {
    expect([name, await callReason(call())]).toEqual([name, "PAUSED"]);
  }
  expect((await startRedirect()).location).toBe(`${WALLET}/#error=PAUSED`);
  const elsewhere = await callReason(client.finishIdTokenSignIn(others));
  expect(elsewhere).toBe(what.level === PauseLevel.RELAY ? "PAUSED" : "none");

  const refreshed = (await client.refreshSession({ refreshToken: signedIn.refreshToken })).signedIn;
  const user = as(refreshed ?? signedIn);
  expect((await user.getUser({})).user?.identities).toHaveLength(1);
  expect((await user.listSessions({})).sessions).toHaveLength(1);
  expect((await user.revokeSession({})).ended).toBe(1);

  await pauses.resume(what);
  const again = await prepared();
  for (const [name, call] of Object.entries(again.calls)) {
    expect([name, await callReason(call())]).toEqual([name, "none"]);
  }
});

test("each of them is paused on its own, and uses nothing up then", async () => {
  const { prepared, pauses, startRedirect } = await world();
  const { calls } = await prepared();
  for (const [target, call] of Object.entries(calls)) {
    const what = { level: PauseLevel.METHOD, target };
    await pauses.pause({ ...what, reason: "x" });
    expect([target, await callReason(call())]).toEqual([target, "PAUSED"]);
    const redirected = (await startRedirect()).location.endsWith("#error=PAUSED");
    expect(redirected).toBe(target === "RedeemSignInCode");
    await pauses.resume(what);
    expect([target, await callReason(call())]).toEqual([target, "none"]);
  }
});
