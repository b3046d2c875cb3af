import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { createConnectTransport } from "@connectrpc/connect-node";
import { SignedInSchema, type User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { errorOf } from "@countersign/web";
import { decodeJwt } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import type { IdTokenSource } from "../../../clients/web/src/wallet/identities.ts";
import type { Passkeys } from "../../../clients/web/src/wallet/passkeys.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import type { Wallet } from "../../../clients/web/src/wallet/wallet.ts";
import { walletOver } from "../../../clients/web/src/wallet/wallet-over.ts";
import { madeToken } from "../../session/support/made-token.ts";
import { startSessionRelay, TENANT, WALLET } from "../../session/support/session-relay.ts";
import { type OidcProvider, startOidcProvider } from "../../support/oidc-provider.ts";
import type { TestRelay } from "../../support/test-relay.ts";
import { handClock } from "../hand-clock.ts";
import { vaultOverChannel } from "./support/node-wallet.ts";
import { RP_ID, softwarePasskeys } from "./support/software-passkeys.ts";

const failed = () => expect.fail("it should have failed");

let provider: OidcProvider;
let relay: TestRelay;
beforeEach(async () => {
  provider = await startOidcProvider();
  relay = await startSessionRelay(provider);
});

interface Made {
  readonly wallet: Wallet;
  /** Ten minutes pass for the session that goes on now, at the relay. */
  age(): void;
}

/** A wallet in Node, over HTTP/2, at a real relay. */
function open(passkeys: Passkeys = softwarePasskeys()): Made {
  /** Sessions that began long ago. */
  const aged = new Set<string>();
  let latest = "";
  const clock = handClock();
  const wallet = walletOver(
    {
      relay: {
        baseUrl: relay.app.address,
        transport: ({ baseUrl, interceptors = [] }) =>
          createConnectTransport({
            baseUrl,
            httpVersion: "2",
            interceptors: [
              ...interceptors,
              (next) => async (request) => {
                const token = request.header.get("authorization")?.replace("Bearer ", "");
                if (token !== undefined) {
                  latest = String(decodeJwt(token).sid);
                  if (aged.has(latest)) {
                    request.header.set("authorization", `Bearer ${await olderToken(token)}`);
                  }
                }
                return next(request);
              },
            ],
          }),
      },
      tenant: TENANT,
      rpId: RP_ID,
      network: "testnet",
      near: () => expect.fail("nothing is asked of the chain"),
      tokens: memoryStore(),
      keyStore: memoryStore(),
    },
    { passkeys, vault: vaultOverChannel(), clock, wallTime: () => Date.now() },
  );
  return { wallet, age: () => void aged.add(latest) };
}

/** The same session's token, as if it had begun eleven minutes ago. */
function olderToken(token: string): Promise<string> {
  const { sub = "", sid } = decodeJwt(token);
  const signedIn = create(SignedInSchema, { accessToken: token, sessionId: String(sid), user: { id: sub } });
  return madeToken(signedIn, { startedAgoS: 660 });
}

const account = (sub: string): IdTokenSource => ({
  providerId: "test",
  idToken: (nonce) => provider.idToken(nonce, { claims: { sub } }),
});

const kinds = (user: User) =>
  user.identities
    .map(({ kind }) => (kind.case === "providerAccount" ? kind.value.subject : kind.case))
    .sort();

test("an account is linked, shown and unlinked, and the last way in stays", async () => {
  const { wallet } = open();
  await wallet.register({ userName: "Alice" });
  expect(kinds(await wallet.identities.link(account("alice")))).toEqual(["alice", "passkey"]);
  const user = await wallet.identities.user();
  const passkey = user.identities.find(({ kind }) => kind.case === "passkey");
  expect(kinds(await wallet.identities.unlink({ identityId: passkey?.id ?? "" }))).toEqual(["alice"]);
  const last = { identityId: (await wallet.identities.user()).identities[0]?.id ?? "" };
  expect(await wallet.identities.unlink(last).then(failed, errorOf)).toMatchObject({
    reason: "IDENTITY_IS_LAST",
  });
});

test("an account that is another user's is a conflict, which a proof of both resolves", async () => {
  const elsewhere = open();
  const bob = (await elsewhere.wallet.identities.proveIdToken(account("shared"))).signIn();
  const { wallet } = open();
  const alice = await wallet.register({ userName: "Alice" });
  const linking = wallet.identities.link(account("shared")).then(failed, errorOf);
  expect(await linking).toMatchObject({ reason: "IDENTITY_LINKED_ELSEWHERE" });
  const proven = await wallet.identities.proveIdToken(account("shared"));
  expect(proven.user.id).toBe(bob.id);
  // Proving changes nothing yet.
  expect(wallet.user?.id).toBe(alice.id);
  const merged = await proven.merge();
  expect(merged.id).toBe(alice.id);
  expect(kinds(merged)).toEqual(["passkey", "shared"]);
  expect((await wallet.identities.proveIdToken(account("shared"))).user.id).toBe(alice.id);
  const ended = elsewhere.wallet.identities.user().then(failed, errorOf);
  expect(await ended).toMatchObject({ reason: "CREDENTIALS_REVOKED" });
});

test("a passkey proves the other user as well, and a proof that is dropped ends its session", async () => {
  const bobs = softwarePasskeys();
  const bob = await open(bobs).wallet.register({ userName: "Bob" });
  const { wallet } = open(bobs);
  const alice = (await wallet.identities.proveIdToken(account("alice"))).signIn();
  const proven = await wallet.identities.provePasskey();
  expect(proven.user.id).toBe(bob.id);
  await proven.discard();
  expect(await proven.merge().then(failed, errorOf)).toMatchObject({ reason: "MERGE_PROOF_INVALID" });
  expect(wallet.user?.id).toBe(alice.id);
  expect(kinds(await (await wallet.identities.provePasskey()).merge())).toEqual(["alice", "passkey"]);
});

describe("where the session began too long ago", () => {
  test("the user signs in again, once, and it is done", async () => {
    const passkeys = softwarePasskeys();
    const { wallet, age } = open(passkeys);
    const alice = await wallet.register({ userName: "Alice" });
    await wallet.identities.user();
    age();
    const touches = passkeys.touches.length;
    expect(kinds(await wallet.identities.link(account("alice")))).toEqual(["alice", "passkey"]);
    expect(passkeys.touches).toHaveLength(touches + 1);
    expect(wallet.user?.id).toBe(alice.id);
    // And the new session does for what follows.
    await wallet.identities.unlink({ identityId: (await wallet.identities.user()).identities[1]?.id ?? "" });
    expect(passkeys.touches).toHaveLength(touches + 1);
  });

  test("another user's passkey changes nothing", async () => {
    const bobs = softwarePasskeys();
    await open(bobs).wallet.register({ userName: "Bob" });
    const { wallet, age } = open(bobs);
    const alice = (await wallet.identities.proveIdToken(account("alice"))).signIn();
    await wallet.identities.user();
    age();
    const linking = wallet.identities.link(account("more")).then(failed, errorOf);
    expect(await linking).toMatchObject({ message: "this passkey is another user's" });
    expect(kinds(await wallet.identities.user())).toEqual(["alice"]);
    expect(wallet.user?.id).toBe(alice.id);
  });
});

describe("a redirect", () => {
  const RETURN_TO = `${WALLET}/signed-in?from=relay`;

  /** Follows a redirect as a browser does, until it is back at the wallet. */
  async function followed(start: URL): Promise<URL> {
    const begun = await fetch(start, { redirect: "manual" });
    const cookie = begun.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const back = provider.authorize(begun.headers.get("location") ?? "");
    const callback = new URL(`${back.pathname}${back.search}`, relay.app.address);
    const done = await fetch(callback, { redirect: "manual", headers: { cookie } });
    return new URL(done.headers.get("location") ?? "");
  }

  test("signs in, once", async () => {
    const { wallet } = open();
    const start = await wallet.identities.startRedirect({ providerId: "test", returnTo: RETURN_TO });
    const back = await followed(start);
    const proven = await wallet.identities.proveRedirect(back);
    expect(kinds(proven?.signIn() ?? expect.fail())).toEqual(["alice@provider"]);
    expect(wallet.user?.id).toBe(proven?.user.id);
    expect(await wallet.identities.proveRedirect(back)).toBeUndefined();
  });

  test("links by a merge with the user whom it proves, who may be new", async () => {
    const { wallet } = open();
    const alice = await wallet.register({ userName: "Alice" });
    const start = await wallet.identities.startRedirect({ providerId: "test", returnTo: RETURN_TO });
    const proven = await wallet.identities.proveRedirect(await followed(start));
    expect(proven?.user.id).not.toBe(alice.id);
    expect(kinds((await proven?.merge()) ?? expect.fail())).toEqual(["alice@provider", "passkey"]);
  });

  test("that went wrong says why, and others' are no redirect", async () => {
    const { wallet } = open();
    expect(await wallet.identities.proveRedirect(`${RETURN_TO}#code=made-up`)).toBeUndefined();
    const { searchParams } = await wallet.identities.startRedirect({
      providerId: "test",
      returnTo: RETURN_TO,
    });
    expect(searchParams.get("challenge")).toHaveLength(createHash("sha256").digest("base64url").length);
    expect(await wallet.identities.proveRedirect(RETURN_TO)).toBeUndefined();
    const refused = wallet.identities.proveRedirect(`${RETURN_TO}#error=PAUSED`).then(failed, errorOf);
    expect(await refused).toMatchObject({ reason: "PAUSED" });
    const other = await wallet.identities.startRedirect({ providerId: "test", returnTo: RETURN_TO });
    const elsewhere = await followed(other);
    await wallet.identities.startRedirect({ providerId: "test", returnTo: RETURN_TO });
    // The code of one redirect with the verifier of another.
    const mixed = wallet.identities.proveRedirect(elsewhere).then(failed, errorOf);
    expect(await mixed).toMatchObject({ reason: "REFRESH_TOKEN_INVALID" });
  });
});
