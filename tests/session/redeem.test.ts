import { createHash, randomBytes } from "node:crypto";
import { redeemSignInCode } from "@countersign/server/session/oidc/redirect-sign-in.ts";
import { expect, test } from "vitest";
import { ORIGIN, type PasskeyWorld, passkeyWorld } from "./passkey-world.ts";
import { reasonOf } from "./reason-of.ts";

const VERIFIER = randomBytes(32).toString("base64url");

/** A tenant's user has come back from the provider: how the wallet redeems the code, after what `meanwhile` changed. */
async function redeemed(meanwhile: (world: PasskeyWorld) => void): Promise<string> {
  const world = await passkeyWorld();
  const { directory, users, pending } = world.context;
  const provider = { id: "test", issuer: "https://id.example", clientId: "wallet", clientSecretName: "" };
  const settings = world.signIns.get("shop");
  if (settings !== undefined) world.signIns.set("shop", { ...settings, providers: [provider] });
  const account = { providerId: "test", issuer: provider.issuer, subject: "alice" };
  const challenge = createHash("sha256").update(VERIFIER).digest("base64url");
  await pending.put("sign-in-code", "code", { tenant: "shop", account, challenge, origin: ORIGIN }, 60_000);
  meanwhile(world);
  const context = {
    ...{ directory, users, pending, randomBytes, now: () => new Date() },
    idTokens: { verify: () => Promise.reject(new Error("no token is needed any more")) },
    ...{ onProviderFailed: () => undefined, assertFresh: () => undefined },
  };
  return reasonOf(redeemSignInCode(context, { code: "code", verifier: VERIFIER }, null));
}

test("a code is redeemed as the tenant is now", async () => {
  expect(await redeemed(() => undefined)).toBe("none");
  expect(await redeemed(({ disabled }) => disabled.add("shop"))).toBe("TENANT_DISABLED");
  const change = (changes: object) =>
    redeemed(({ signIns }) => {
      const settings = signIns.get("shop");
      if (settings !== undefined) signIns.set("shop", { ...settings, ...changes });
    });
  const pause = { id: "p", mode: "DRAIN", reason: "", author: "", createdAt: new Date() } as const;
  for (const target of ["shop", "other"]) {
    const paused = redeemed(({ pauses }) => pauses.push({ ...pause, level: "TENANT", target }));
    expect(await paused).toBe(target === "shop" ? "PAUSED" : "none");
  }
  // An operator has taken the provider out, or the wallet.
  expect(await change({ providers: [] })).toBe("REFRESH_TOKEN_INVALID");
  expect(await change({ relyingParties: [] })).toBe("ORIGIN_NOT_ALLOWED");
});
