import { createApp } from "@countersign/server/app.ts";
import { createLogger } from "@countersign/service-kit";
import { expect, onTestFinished, test } from "vitest";
import { startOidcProvider } from "../support/oidc-provider.ts";
import { startRelayWorld } from "../support/relay-world.ts";
import { callReason } from "./support/call-reason.ts";
import {
  bearer,
  sessionClient,
  sessionSettings,
  signIn,
  signInTenant,
  TENANT,
} from "./support/session-relay.ts";

interface Entry {
  readonly tenant: string;
  readonly kind: string;
  readonly actor: string;
  readonly detail: string;
}

test("who does not sign in stands in the relay's own log, whatever tenant was named, and who has, in the tenant's", async () => {
  const provider = await startOidcProvider();
  const world = await startRelayWorld({
    settings: { session: await sessionSettings() },
    tenants: [signInTenant(provider)],
  });
  onTestFinished(() => world.stop());
  const app = await createApp(world.config, { log: createLogger("relay", "silent") });
  const client = sessionClient(app.address);
  const { accessToken, user } = await signIn(client, provider);

  const evil = sessionClient(app.address, { origin: "https://evil.example" });
  const begun = evil.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" });
  expect(await callReason(begun)).toBe("ORIGIN_NOT_ALLOWED");
  const query = new URLSearchParams({ tenant: TENANT, return_to: "https://evil.example/", challenge: "x" });
  expect((await fetch(`${app.address}/auth/test/start?${query}`)).status).toBe(400);
  const asAlice = sessionClient(app.address, bearer(accessToken));
  const merged = asAlice.mergeUsers({ otherAccessToken: "x" });
  expect(await callReason(merged)).toBe("MERGE_PROOF_INVALID");
  // What was noted is written at the latest now.
  await app.stop();

  const entries = await world.rows<Entry>("select tenant, kind, actor, detail from audit_events");
  const refusals = entries
    .filter(({ kind }) => kind === "call.denied" || kind === "auth.refused")
    .map(({ tenant, kind, actor, detail }) => {
      const { reason, method } = JSON.parse(detail);
      return [tenant, kind, actor, method, reason].join(" ");
    });
  expect(refusals.sort()).toEqual([
    " auth.refused anonymous auth/start ORIGIN_NOT_ALLOWED",
    " call.denied anonymous BeginIdTokenSignIn ORIGIN_NOT_ALLOWED",
    `acme call.denied user:${user?.id} MergeUsers MERGE_PROOF_INVALID`,
  ]);
});
