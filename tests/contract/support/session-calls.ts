import type { DescMethod } from "@bufbuild/protobuf";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { expect } from "vitest";
import { bearer, type Headers, type SessionClient } from "../../session/support/session-relay.ts";
import type { Call } from "./refusal.ts";
import type { SessionTenant } from "./session-tenant.ts";

const { method } = SessionService;

/** How to make a good call of a method. */
export interface SessionCall {
  readonly method: DescMethod;
  /** Does all that has to come before. The call can be made once, with more headers or others. */
  readonly prepare: (tenant: SessionTenant) => Promise<Call>;
  readonly answer: object;
}

/** A method that is open to everybody. */
export interface OpenCall extends SessionCall {
  /** A call of the right form, and no more. */
  readonly bare: (client: SessionClient) => Call;
}

/** The same call with these headers, where it is made without. */
export function withHeaders(call: Call, headers: Headers): Call {
  return (options) => call({ ...options, headers: { ...headers, ...options.headers } });
}

const SIGNED_IN = {
  signedIn: {
    accessToken: expect.stringMatching(/^ey/),
    refreshToken: expect.stringMatching(/^csr_/),
    sessionId: expect.stringMatching(/^ses_/),
    user: { id: expect.stringMatching(/^u_/) },
  },
};
const USER = { user: { id: expect.stringMatching(/^u_/) } };
const PASSKEY = { kind: { case: "passkey" } };
const ACCOUNT = { kind: { case: "providerAccount" } };

/** Those that are open to everybody, and do more for a user who is signed in. */
export const LINKING_CALLS: readonly OpenCall[] = [
  {
    method: method.beginPasskeyRegistration,
    bare: (client) => (options) =>
      client.beginPasskeyRegistration({ tenant: "a", rpId: "a.example", userName: "a" }, options),
    prepare: async ({ client, id, rpId }) => {
      return (options) => client.beginPasskeyRegistration({ tenant: id, rpId, userName: "alice" }, options);
    },
    answer: { optionsJson: expect.stringContaining('"challenge"') },
  },
  {
    method: method.finishPasskeyRegistration,
    bare: (client) => (options) =>
      client.finishPasskeyRegistration({ registrationId: "x", credentialJson: "{}" }, options),
    prepare: async (tenant) => {
      const request = await tenant.registration(tenant.newPasskey());
      return (options) => tenant.client.finishPasskeyRegistration(request, options);
    },
    answer: { ...SIGNED_IN, identity: PASSKEY },
  },
  {
    method: method.beginIdTokenSignIn,
    bare: (client) => (options) => client.beginIdTokenSignIn({ tenant: "a", providerId: "test" }, options),
    prepare: async ({ client, id }) => {
      return (options) => client.beginIdTokenSignIn({ tenant: id, providerId: "test" }, options);
    },
    answer: { nonce: expect.stringMatching(/^.{43}$/) },
  },
  {
    method: method.finishIdTokenSignIn,
    bare: (client) => (options) => client.finishIdTokenSignIn({ signInId: "x", idToken: "x" }, options),
    prepare: async (tenant) => {
      const request = await tenant.idTokenSignIn();
      return (options) => tenant.client.finishIdTokenSignIn(request, options);
    },
    answer: { ...SIGNED_IN, identity: ACCOUNT },
  },
];

/** All that are open to everybody: to sign in, and to stay so. */
export const OPEN_CALLS: readonly OpenCall[] = [
  ...LINKING_CALLS,
  {
    method: method.beginPasskeySignIn,
    bare: (client) => (options) => client.beginPasskeySignIn({ tenant: "a", rpId: "a.example" }, options),
    prepare: async ({ client, id, rpId }) => {
      return (options) => client.beginPasskeySignIn({ tenant: id, rpId }, options);
    },
    answer: { optionsJson: expect.stringContaining('"challenge"') },
  },
  {
    method: method.finishPasskeySignIn,
    bare: (client) => (options) =>
      client.finishPasskeySignIn({ signInId: "x", credentialJson: "{}" }, options),
    prepare: async (tenant) => {
      const passkey = tenant.newPasskey();
      const { user } = await tenant.register(passkey);
      const request = await tenant.passkeySignIn(passkey, user?.id ?? "");
      return (options) => tenant.client.finishPasskeySignIn(request, options);
    },
    answer: SIGNED_IN,
  },
  {
    method: method.redeemSignInCode,
    bare: (client) => (options) => client.redeemSignInCode({ code: "x", verifier: "v".repeat(43) }, options),
    prepare: async (tenant) => {
      const request = await tenant.redirect();
      return (options) => tenant.client.redeemSignInCode(request, options);
    },
    answer: SIGNED_IN,
  },
  {
    method: method.refreshSession,
    bare: (client) => (options) => client.refreshSession({}, options),
    prepare: async (tenant) => {
      const { refreshToken } = await tenant.signIn();
      return (options) => tenant.client.refreshSession({ refreshToken }, options);
    },
    answer: SIGNED_IN,
  },
];

/** Those about the session that calls. */
export const OWN_CALLS: readonly SessionCall[] = [
  {
    method: method.revokeSession,
    prepare: async (tenant) => {
      const { accessToken } = await tenant.signIn();
      return withHeaders((options) => tenant.client.revokeSession({}, options), bearer(accessToken));
    },
    answer: { ended: 1 },
  },
  {
    method: method.listSessions,
    prepare: async (tenant) => {
      const { accessToken } = await tenant.signIn();
      return withHeaders((options) => tenant.client.listSessions({}, options), bearer(accessToken));
    },
    answer: { sessions: [{ current: true }] },
  },
  {
    method: method.getUser,
    prepare: async (tenant) => {
      const { accessToken } = await tenant.signIn();
      return withHeaders((options) => tenant.client.getUser({}, options), bearer(accessToken));
    },
    answer: USER,
  },
  {
    method: method.unlinkIdentity,
    prepare: async (tenant) => {
      const { accessToken } = await tenant.signIn();
      const headers = bearer(accessToken);
      const request = await tenant.idTokenSignIn({ claims: { sub: "second" } }, headers);
      const { identity } = await tenant.client.finishIdTokenSignIn(request, { headers });
      const unlinking = { identityId: identity?.id ?? "" };
      return withHeaders((options) => tenant.client.unlinkIdentity(unlinking, options), headers);
    },
    answer: { user: { identities: [ACCOUNT] } },
  },
  {
    method: method.mergeUsers,
    prepare: async (tenant) => {
      const [alice, other] = [await tenant.signIn(), await tenant.signIn("other")];
      const merging = { otherAccessToken: other.accessToken };
      return withHeaders((options) => tenant.client.mergeUsers(merging, options), bearer(alice.accessToken));
    },
    answer: { user: { identities: [ACCOUNT, ACCOUNT] } },
  },
];

export const SESSION_CALLS: readonly SessionCall[] = [...OPEN_CALLS, ...OWN_CALLS];
