import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { bearer } from "../../session/support/session-relay.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { withHeaders } from "../support/session-calls.ts";
import { refusedAtSession as refused } from "../support/session-case.ts";
import type { SessionTenant } from "../support/session-tenant.ts";
import { DENIED } from "../support/veto-contract.ts";

const { method } = SessionService;

const beginning: readonly ContractCase[] = [
  refused(
    method.beginPasskeyRegistration,
    ErrorReason.TENANT_NOT_FOUND,
    "nobody's",
    async ({ client, rpId }) => {
      return (options) => client.beginPasskeyRegistration({ tenant: "nobody", rpId, userName: "a" }, options);
    },
  ),
  refused(method.beginPasskeySignIn, ErrorReason.TENANT_NOT_FOUND, "nobody's", async ({ client, rpId }) => {
    return (options) => client.beginPasskeySignIn({ tenant: "nobody", rpId }, options);
  }),
  refused(method.beginIdTokenSignIn, ErrorReason.TENANT_NOT_FOUND, "nobody's", async ({ client }) => {
    return (options) => client.beginIdTokenSignIn({ tenant: "nobody", providerId: "test" }, options);
  }),
  ...(["beginPasskeyRegistration", "beginPasskeySignIn"] as const).map((name) =>
    refused(
      method[name],
      ErrorReason.RELYING_PARTY_NOT_FOUND,
      "a relying party of nobody's",
      async ({ client, id }) => {
        const request = { tenant: id, rpId: "wallet.exmaple", userName: "alice" };
        return (options) => client[name](request, options);
      },
    ),
  ),
  refused(
    method.beginIdTokenSignIn,
    ErrorReason.IDENTITY_PROVIDER_NOT_FOUND,
    "a provider that the tenant lacks",
    async ({ client, id }) => {
      return (options) => client.beginIdTokenSignIn({ tenant: id, providerId: "gogle" }, options);
    },
  ),
];

const finishing: readonly ContractCase[] = [
  refused(method.finishPasskeyRegistration, ErrorReason.CHALLENGE_INVALID, "begun never", async (tenant) => {
    const request = { ...(await tenant.registration(tenant.newPasskey())), registrationId: "x" };
    return (options) => tenant.client.finishPasskeyRegistration(request, options);
  }),
  refused(method.finishPasskeySignIn, ErrorReason.CHALLENGE_INVALID, "begun never", async (tenant) => {
    const request = { ...(await tenant.passkeySignIn(tenant.newPasskey(), "u_1")), signInId: "x" };
    return (options) => tenant.client.finishPasskeySignIn(request, options);
  }),
  refused(method.finishIdTokenSignIn, ErrorReason.CHALLENGE_INVALID, "finished before", async (tenant) => {
    const request = await tenant.idTokenSignIn();
    await tenant.client.finishIdTokenSignIn(request);
    return (options) => tenant.client.finishIdTokenSignIn(request, options);
  }),
  refused(
    method.finishIdTokenSignIn,
    ErrorReason.ID_TOKEN_INVALID,
    "a token of another client",
    async (tenant) => {
      const request = await tenant.idTokenSignIn({ claims: { aud: "another" } });
      return (options) => tenant.client.finishIdTokenSignIn(request, options);
    },
  ),
  refused(
    method.finishIdTokenSignIn,
    ErrorReason.IDENTITY_LINKED_ELSEWHERE,
    "another user's account",
    async (tenant) => {
      const [alice] = [await tenant.signIn(), await tenant.signIn("eve")];
      const headers = bearer(alice.accessToken);
      const request = await tenant.idTokenSignIn({ claims: { sub: "eve" } }, headers);
      return withHeaders((options) => tenant.client.finishIdTokenSignIn(request, options), headers);
    },
  ),
  refused(
    method.finishIdTokenSignIn,
    ErrorReason.IDENTITY_PROVIDER_UNAVAILABLE,
    "a provider that is not there",
    async ({ client, id }) => {
      const { signInId } = await client.beginIdTokenSignIn({ tenant: id, providerId: "away" });
      return (options) => client.finishIdTokenSignIn({ signInId, idToken: "x.y.z" }, options);
    },
  ),
];

const passkeys: readonly ContractCase[] = [
  ...ceremonyCases(ErrorReason.WEBAUTHN_RESPONSE_INVALID, "another origin's answer", {
    origin: "https://evil.example",
  }),
  ...ceremonyCases(ErrorReason.USER_VERIFICATION_MISSING, "a user who was only present", {
    userVerified: false,
  }),
  refused(
    method.finishPasskeyRegistration,
    ErrorReason.WEBAUTHN_SECRET_PRESENT,
    "results of the PRF extension",
    async (tenant) => {
      const { registrationId, credentialJson } = await tenant.registration(tenant.newPasskey());
      const request = { registrationId, credentialJson: withSecret(credentialJson) };
      return (options) => tenant.client.finishPasskeyRegistration(request, options);
    },
  ),
  refused(
    method.finishPasskeySignIn,
    ErrorReason.WEBAUTHN_SECRET_PRESENT,
    "results of the PRF extension",
    async (tenant) => {
      const request = await tenant.passkeySignIn(tenant.newPasskey(), "u_1");
      const secret = { ...request, credentialJson: withSecret(request.credentialJson) };
      return (options) => tenant.client.finishPasskeySignIn(secret, options);
    },
  ),
  refused(
    method.finishPasskeyRegistration,
    ErrorReason.PASSKEY_EXISTS,
    "a passkey that is registered",
    async (tenant) => {
      const passkey = tenant.newPasskey();
      await tenant.register(passkey);
      const request = await tenant.registration(passkey);
      return (options) => tenant.client.finishPasskeyRegistration(request, options);
    },
  ),
  refused(method.finishPasskeySignIn, ErrorReason.PASSKEY_NOT_FOUND, "one of nobody's", async (tenant) => {
    const request = await tenant.passkeySignIn(tenant.newPasskey(), "u_1");
    return (options) => tenant.client.finishPasskeySignIn(request, options);
  }),
  refused(
    method.finishPasskeySignIn,
    ErrorReason.PASSKEY_COUNTER_WENT_BACK,
    "a counter that did not rise",
    async (tenant) => {
      const passkey = tenant.newPasskey(true);
      const { user } = await tenant.register(passkey);
      const request = await tenant.passkeySignIn(passkey, user?.id ?? "", { counter: 1 });
      return (options) => tenant.client.finishPasskeySignIn(request, options);
    },
  ),
  refused(
    method.finishPasskeySignIn,
    ErrorReason.CONTRACT_DENIED,
    "an account that the contract says no for",
    async (tenant) => {
      const passkey = tenant.newPasskey();
      const { user } = await tenant.register(passkey);
      const good = await tenant.passkeySignIn(passkey, user?.id ?? "");
      const request = { ...good, accountId: DENIED[0] ?? "" };
      return (options) => tenant.client.finishPasskeySignIn(request, options);
    },
  ),
];

/** For both ceremonies. */
function ceremonyCases(
  outcome: ErrorReason,
  what: string,
  answered: Parameters<SessionTenant["registration"]>[1],
): ContractCase[] {
  return [
    refused(method.finishPasskeyRegistration, outcome, what, async (tenant) => {
      const request = await tenant.registration(tenant.newPasskey(), answered);
      return (options) => tenant.client.finishPasskeyRegistration(request, options);
    }),
    refused(method.finishPasskeySignIn, outcome, what, async (tenant) => {
      const passkey = tenant.newPasskey();
      const { user } = await tenant.register(passkey);
      const request = await tenant.passkeySignIn(passkey, user?.id ?? "", answered);
      return (options) => tenant.client.finishPasskeySignIn(request, options);
    }),
  ];
}

function withSecret(credentialJson: string): string {
  const prf = { results: { first: "c2VjcmV0" } };
  return JSON.stringify({ ...JSON.parse(credentialJson), clientExtensionResults: { prf } });
}

/** What may be wrong with a sign-in, and with what it answers. */
export const sessionSignInCases: readonly ContractCase[] = [...beginning, ...finishing, ...passkeys];
