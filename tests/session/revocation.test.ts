import { createApp } from "@countersign/server/app.ts";
import { createLogger } from "@countersign/service-kit";
import { describe, expect, onTestFinished, test } from "vitest";
import { startOidcProvider } from "../support/oidc-provider.ts";
import { postgresUrl } from "../support/postgres.ts";
import { startRelayWorld } from "../support/relay-world.ts";
import { relayClient } from "../support/test-relay.ts";
import { callReason } from "./support/call-reason.ts";
import { bearer, sessionClient, sessionSettings, signIn, signInTenant } from "./support/session-relay.ts";

/** Two relays on one database, both with the same keys. */
async function twoRelays() {
  const provider = await startOidcProvider();
  const world = await startRelayWorld({
    engine: "postgres",
    settings: { session: await sessionSettings() },
    tenants: [signInTenant(provider)],
  });
  onTestFinished(() => world.stop());
  const start = async () => {
    const app = await createApp(world.config, { log: createLogger("relay", "silent") });
    onTestFinished(() => app.stop());
    return app.address;
  };
  return { provider, world, one: await start(), other: await start() };
}

const list = (address: string, token: string) =>
  callReason(relayClient(address, bearer(token)).listSubmissions({}));

/** The first answer that is not "none", of so many calls one after the other. */
async function nextRefusal(address: string, token: string, attempts = 2_000): Promise<string> {
  for (let i = 0; i < attempts; i++) {
    const reason = await list(address, token);
    if (reason !== "none") return reason;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return "none";
}

describe.skipIf(postgresUrl === undefined)("on two relays", () => {
  test("a session that ends at one is refused by both, and its refresh token too", async () => {
    const { provider, one, other } = await twoRelays();
    const { accessToken, refreshToken, sessionId } = await signIn(sessionClient(one), provider);
    expect(await list(other, accessToken)).toBe("none");
    const { signedIn } = await sessionClient(other).refreshSession({ refreshToken });
    const fresh = signedIn?.accessToken ?? "";
    expect(await list(one, fresh)).toBe("none");
    expect((await sessionClient(one, bearer(fresh)).revokeSession({ sessionId })).ended).toBe(1);
    expect(await list(one, fresh)).toBe("CREDENTIALS_REVOKED");
    expect(await nextRefusal(other, fresh)).toBe("CREDENTIALS_REVOKED");
    expect(await list(other, accessToken)).toBe("CREDENTIALS_REVOKED");
    const refresh = sessionClient(other).refreshSession({ refreshToken: signedIn?.refreshToken ?? "" });
    expect(await callReason(refresh)).toBe("REFRESH_TOKEN_INVALID");
  });

  test("a relay that starts later knows what ended before", async () => {
    const { provider, world, one } = await twoRelays();
    const { accessToken } = await signIn(sessionClient(one), provider);
    await sessionClient(one, bearer(accessToken)).revokeSession({});
    const late = await createApp(world.config, { log: createLogger("relay", "silent") });
    onTestFinished(() => late.stop());
    expect(await list(late.address, accessToken)).toBe("CREDENTIALS_REVOKED");
  });

  test("twenty refreshes at both with one token leave one line of tokens", async () => {
    const { provider, one, other } = await twoRelays();
    const { refreshToken } = await signIn(sessionClient(one), provider);
    const clients = [sessionClient(one), sessionClient(other)];
    const calls = Array.from({ length: 20 }, (_, i) => clients[i % 2]?.refreshSession({ refreshToken }));
    const answers = await Promise.all(calls);
    expect(new Set(answers.map((answer) => answer?.signedIn?.refreshToken)).size).toBe(1);
  });

  test("a token used twice at different relays ends the session at both", async () => {
    const { provider, one, other } = await twoRelays();
    const stolen = await signIn(sessionClient(one), provider);
    const { signedIn: second } = await sessionClient(one).refreshSession({
      refreshToken: stolen.refreshToken,
    });
    const { signedIn: third } = await sessionClient(one).refreshSession({
      refreshToken: second?.refreshToken ?? "",
    });
    expect(await callReason(sessionClient(other).refreshSession({ refreshToken: stolen.refreshToken }))).toBe(
      "REFRESH_TOKEN_REUSED",
    );
    expect(await list(other, third?.accessToken ?? "")).toBe("CREDENTIALS_REVOKED");
    expect(await nextRefusal(one, third?.accessToken ?? "")).toBe("CREDENTIALS_REVOKED");
  });

  test("a user who was merged is nobody at either, and its sessions have ended with the merge", async () => {
    const { provider, one, other: two } = await twoRelays();
    const client = sessionClient(one);
    const alice = await signIn(client, provider);
    const other = await signIn(client, provider, { claims: { sub: "other" } });
    const asAlice = sessionClient(one, bearer(alice.accessToken));
    await asAlice.mergeUsers({ otherAccessToken: other.accessToken });
    expect(await list(one, other.accessToken)).toBe("CREDENTIALS_REVOKED");
    expect(await nextRefusal(two, other.accessToken)).toBe("CREDENTIALS_REVOKED");
    const { refreshToken } = other;
    expect(await callReason(client.refreshSession({ refreshToken }))).toBe("REFRESH_TOKEN_INVALID");
    expect((await signIn(client, provider, { claims: { sub: "other" } })).user?.id).toBe(alice.user?.id);
  });

  test("a relay that does not hear the ledger takes no app token: it might have been revoked", async () => {
    const { provider, world, one } = await twoRelays();
    const { accessToken } = await signIn(sessionClient(one), provider);
    // The ledger is there and answers nothing about sessions.
    await world.database?.query("alter table app_sessions rename to away");
    expect(await nextRefusal(one, accessToken)).toBe("LEDGER_UNAVAILABLE");
    await world.database?.query("alter table away rename to app_sessions");
    for (let i = 0; i < 2_000 && (await list(one, accessToken)) !== "none"; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await list(one, accessToken)).toBe("none");
  });
});
