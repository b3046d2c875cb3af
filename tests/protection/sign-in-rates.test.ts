import type { DescMethodUnary } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { createConnectTransport } from "@connectrpc/connect-node";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { callReason } from "../session/support/call-reason.ts";
import { sessionSettings } from "../session/support/session-relay.ts";
import { startProtectedRelay } from "../support/protected-relay.ts";

const { method } = SessionService;

/** What an attempt to sign in ends with. */
const ATTEMPTS: readonly DescMethodUnary[] = [
  method.finishPasskeyRegistration,
  method.finishPasskeySignIn,
  method.finishIdTokenSignIn,
  method.redeemSignInCode,
];
/** What is begun at a tenant. */
const BEGINNINGS: readonly DescMethodUnary[] = [
  method.beginPasskeyRegistration,
  method.beginPasskeySignIn,
  method.beginIdTokenSignIn,
];

const FAST = { per_second: 100_000, burst: 100_000 };
const TWO = { per_second: 0.0001, burst: 2 };

/** Calls a relay with these rates, and fields that no method finds anything by. */
async function caller(changes: Readonly<Record<string, object>>) {
  const all = { ip: FAST, failed_auth: FAST, tenant: FAST, key: FAST, user: FAST, method: FAST };
  const signIn = { sign_in: FAST, sign_in_begin: FAST, sign_in_tenant: FAST };
  const rates = JSON.stringify({ ...all, ...signIn, ...changes });
  const { relay, stop } = await startProtectedRelay({
    settings: {
      ...{ session: await sessionSettings(), rates },
      "listen.trusted_proxies": JSON.stringify(["127.0.0.1/32"]),
    },
  });
  onTestFinished(stop);
  const transport = createConnectTransport({ baseUrl: relay.app.address, httpVersion: "2" });
  return (of: DescMethodUnary, tenant = "open", from = "203.0.113.1") => {
    const ids = {
      registrationId: "x",
      signInId: "x",
      code: "x",
      verifier: "v".repeat(43),
      refreshToken: "x",
    };
    const texts = { credentialJson: "x", idToken: "x", rpId: "x.example", userName: "x", providerId: "x" };
    const message = create(of.input, { tenant, ...ids, ...texts } as Record<string, unknown>);
    return callReason(transport.unary(of, undefined, undefined, { "x-forwarded-for": from }, message));
  };
}

test("attempts to sign in are counted together by address, and nothing else is refused for them", async () => {
  const call = await caller({ sign_in: TWO });
  for (const of of ATTEMPTS.slice(0, 2)) expect(await call(of)).toMatch(/INVALID$/);
  for (const of of ATTEMPTS) expect(await call(of)).toBe("RATE_LIMITED");
  for (const of of BEGINNINGS) expect(await call(of)).toMatch(/NOT_FOUND$/);
  expect(await call(method.refreshSession)).toBe("REFRESH_TOKEN_INVALID");
});

test("what is begun is counted together by address, and nothing else is refused for it", async () => {
  const call = await caller({ sign_in_begin: TWO });
  for (const of of BEGINNINGS.slice(0, 2)) expect(await call(of)).toMatch(/NOT_FOUND$/);
  for (const of of BEGINNINGS) expect(await call(of)).toBe("RATE_LIMITED");
  for (const of of ATTEMPTS) expect(await call(of)).toMatch(/INVALID$/);
});

test("an address that floods a tenant with sign-ins locks nobody else out", async () => {
  const call = await caller({ sign_in_begin: TWO, sign_in_tenant: { per_second: 0.0001, burst: 4 } });
  const flood = Array.from({ length: 30 }, () => call(method.beginPasskeySignIn));
  const passed = (await Promise.all(flood)).filter((reason) => reason !== "RATE_LIMITED");
  expect(passed).toHaveLength(2);
  // The tenant's tokens that are left are for others.
  for (const from of ["203.0.113.2", "2001:db8::1"]) {
    expect(await call(method.beginPasskeySignIn, "open", from)).toBe("RELYING_PARTY_NOT_FOUND");
  }
});

test("what is begun is counted together by tenant, and other tenants' users begin", async () => {
  const call = await caller({ sign_in_tenant: TWO });
  for (const of of BEGINNINGS.slice(0, 2)) expect(await call(of)).toMatch(/NOT_FOUND$/);
  for (const of of BEGINNINGS) expect(await call(of)).toBe("RATE_LIMITED");
  expect(await call(method.beginPasskeySignIn, "strict")).toBe("RELYING_PARTY_NOT_FOUND");
  for (const of of ATTEMPTS) expect(await call(of)).toMatch(/INVALID$/);
});

test("every method of SessionService is counted by address, whoever calls", async () => {
  const call = await caller({ ip: TWO });
  for (let i = 0; i < 2; i++) await call(method.refreshSession);
  for (const of of Object.values(method)) expect(await call(of)).toBe("RATE_LIMITED");
});
