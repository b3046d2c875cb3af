import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { ErrorReason, reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { expect } from "vitest";
import { bearer, type Headers, sessionClient } from "../../session/support/session-relay.ts";
import { AUTH } from "../../support/test-tenant.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { expectRefusal } from "../support/refusal.ts";
import {
  LINKING_CALLS,
  OPEN_CALLS,
  OWN_CALLS,
  SESSION_CALLS,
  type SessionCall,
  withHeaders,
} from "../support/session-calls.ts";
import { refusedAtSession as refused } from "../support/session-case.ts";
import type { SessionTenant } from "../support/session-tenant.ts";

const { method } = SessionService;

/** Those that are not open to everybody. */
export const OWN_METHODS: readonly DescMethod[] = OWN_CALLS.map((call) => call.method);

const succeeds = ({ method: of, prepare, answer }: SessionCall): ContractCase => ({
  method: of,
  outcome: "success",
  what: "a good call",
  run: async (worlds) => {
    const { tenant } = await worlds.session();
    const call = await prepare(await tenant());
    expect(await call({ headers: {} })).toMatchObject(answer);
  },
});

/** A good call that is made with other headers. */
function sent(
  calls: readonly SessionCall[],
  outcome: ErrorReason,
  what: string,
  headersOf: (tenant: SessionTenant) => Headers | Promise<Headers>,
): ContractCase[] {
  return calls.map(({ method: of, prepare }) =>
    refused(of, outcome, what, async (tenant) => {
      const call = await prepare(tenant);
      const headers = await headersOf(tenant);
      return (options) => call({ ...options, headers: { ...options.headers, ...headers } });
    }),
  );
}

const declares = (reason: ErrorReason) => (call: SessionCall) =>
  getOption(call.method, reasons).includes(reason);

/** What calls say of a tenant that an operator disables while a user signs in. */
const disabled = SESSION_CALLS.filter(declares(ErrorReason.TENANT_DISABLED)).map(({ method: of, prepare }) =>
  refused(of, ErrorReason.TENANT_DISABLED, "a tenant that was disabled a moment ago", async (tenant) => {
    const call = await prepare(tenant);
    await tenant.disable();
    return call;
  }),
);

const sessions: readonly ContractCase[] = [
  refused(method.redeemSignInCode, ErrorReason.REFRESH_TOKEN_INVALID, "another verifier", async (tenant) => {
    const request = { ...(await tenant.redirect()), verifier: "v".repeat(43) };
    return (options) => tenant.client.redeemSignInCode(request, options);
  }),
  refused(
    method.refreshSession,
    ErrorReason.REFRESH_TOKEN_INVALID,
    "a token of an ended session",
    async (tenant) => {
      const { accessToken, refreshToken } = await tenant.signIn();
      await tenant.client.revokeSession({}, { headers: bearer(accessToken) });
      return (options) => tenant.client.refreshSession({ refreshToken }, options);
    },
  ),
  refused(
    method.refreshSession,
    ErrorReason.REFRESH_TOKEN_REUSED,
    "a token whose successor was used",
    async (tenant) => {
      const { refreshToken } = await tenant.signIn();
      const { signedIn } = await tenant.client.refreshSession({ refreshToken });
      await tenant.client.refreshSession({ refreshToken: signedIn?.refreshToken ?? "" });
      return (options) => tenant.client.refreshSession({ refreshToken }, options);
    },
  ),
  refused(method.revokeSession, ErrorReason.SESSION_NOT_FOUND, "another user's", async (tenant) => {
    const [alice, eve] = [await tenant.signIn(), await tenant.signIn("eve")];
    const request = { sessionId: eve.sessionId };
    return withHeaders((options) => tenant.client.revokeSession(request, options), bearer(alice.accessToken));
  }),
  refused(method.unlinkIdentity, ErrorReason.IDENTITY_NOT_FOUND, "another user's", async (tenant) => {
    const [alice, eve] = [await tenant.signIn(), await tenant.signIn("eve")];
    const request = { identityId: eve.user?.identities[0]?.id ?? "" };
    return withHeaders(
      (options) => tenant.client.unlinkIdentity(request, options),
      bearer(alice.accessToken),
    );
  }),
  refused(method.unlinkIdentity, ErrorReason.IDENTITY_IS_LAST, "the only one", async (tenant) => {
    const { accessToken, user } = await tenant.signIn();
    const request = { identityId: user?.identities[0]?.id ?? "" };
    return withHeaders((options) => tenant.client.unlinkIdentity(request, options), bearer(accessToken));
  }),
  refused(method.mergeUsers, ErrorReason.MERGE_PROOF_INVALID, "an expired token", async (tenant) => {
    const [alice, other] = [await tenant.signIn(), await tenant.signIn("other")];
    const request = { otherAccessToken: await tenant.expiredToken(other) };
    return withHeaders((options) => tenant.client.mergeUsers(request, options), bearer(alice.accessToken));
  }),
];

/** In cookie mode, of a page that does not say that it is one of the tenant's. */
const withoutPage = OPEN_CALLS.map(
  ({ method: of, bare }): ContractCase => ({
    method: of,
    outcome: ErrorReason.CREDENTIALS_MISSING,
    what: "no headers that only the wallet's pages send, in cookie mode",
    run: async (worlds) => {
      const { relay } = await worlds.sessionCookies();
      await expectRefusal(bare(sessionClient(relay.app.address)), ErrorReason.CREDENTIALS_MISSING);
    },
  }),
);

/** What calls say of a tenant that an operator pauses while a user signs in. */
const paused = SESSION_CALLS.filter(declares(ErrorReason.PAUSED)).map(({ method: of, prepare }) =>
  refused(of, ErrorReason.PAUSED, "a tenant that was paused a moment ago", async (tenant) => {
    const call = await prepare(tenant);
    await tenant.pause();
    return call;
  }),
);

/** What changes how a user signs in, with a session that began an hour ago. */
const notFresh = SESSION_CALLS.filter(declares(ErrorReason.SESSION_NOT_FRESH)).flatMap((call) =>
  sent([call], ErrorReason.SESSION_NOT_FRESH, "a session of an hour ago", async (tenant) =>
    bearer(await tenant.oldToken(await tenant.signIn())),
  ),
);

const EVIL = "https://evil.example";

export const sessionCases: readonly ContractCase[] = [
  ...SESSION_CALLS.map(succeeds),
  ...disabled,
  ...sessions,
  ...withoutPage,
  ...paused,
  ...notFresh,
  ...sent(OPEN_CALLS, ErrorReason.ORIGIN_NOT_ALLOWED, "a page of another site", () => ({ origin: EVIL })),
  ...sent(LINKING_CALLS, ErrorReason.CREDENTIALS_INVALID, "an API key", () => AUTH),
  ...sent(LINKING_CALLS, ErrorReason.CREDENTIALS_EXPIRED, "an expired token", async (tenant) =>
    bearer(await tenant.expiredToken(await tenant.signIn())),
  ),
  ...sent(LINKING_CALLS, ErrorReason.CREDENTIALS_REVOKED, "a token of an ended session", (tenant) =>
    tenant.revoked(),
  ),
  ...sent(LINKING_CALLS, ErrorReason.TOKEN_KEYS_UNAVAILABLE, "a silent peer's token", async (tenant) =>
    bearer(await tenant.peersToken(await tenant.signIn())),
  ),
  ...sent(OWN_CALLS, ErrorReason.APP_SESSION_MISSING, "an API key", () => AUTH),
];
