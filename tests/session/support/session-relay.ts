import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { SignedIn } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { onTestFinished } from "vitest";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type IdTokenChanges,
  type OidcProvider,
  type WhenOver,
} from "../../support/oidc-provider.ts";
import { startTestRelay, type TestRelay, withHeaders } from "../../support/test-relay.ts";
import { OPEN_POLICY, type SeededTenant } from "../../support/test-tenant.ts";

export const ISSUER = "https://relay.example";
export const WALLET = "https://wallet.example";
export const TENANT = "acme";

/** A tenant whose users sign in with the provider, under the id "test". */
export function signInTenant(provider: OidcProvider, changes: Partial<SeededTenant> = {}): SeededTenant {
  return {
    tenant: TENANT,
    policy: OPEN_POLICY,
    signIn: {
      relyingParties: [
        { id: "wallet.example", name: "Wallet", origins: [WALLET], userVerificationOptional: false },
      ],
      providers: [
        { id: "test", issuer: provider.issuer, clientId: CLIENT_ID, clientSecretName: "test" },
        { id: "other", issuer: provider.issuer, clientId: "another-client", clientSecretName: "" },
      ],
      scopes: ["read", "list"],
    },
    ...changes,
  };
}

/** Of the key that signs the relay's access tokens, "k1". */
export const SIGNING_SEED = `${"34".repeat(31)}35`;

/** The section "session", with its secrets in files of a folder of its own, until the test ends or `whenOver` says. */
export async function sessionSettings(
  changes: object = {},
  whenOver: WhenOver = onTestFinished,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "session-"));
  whenOver(() => rm(folder, { recursive: true }));
  const secret = async (name: string, text: string) => {
    const file = join(folder, name);
    await writeFile(file, text);
    await chmod(file, 0o600);
    return `file:${file}`;
  };
  return JSON.stringify({
    issuer: ISSUER,
    signing_keys: [{ id: "k1", seed: await secret("seed", SIGNING_SEED) }],
    client_secrets: { test: await secret("client", CLIENT_SECRET) },
    ...changes,
  });
}

/** A relay at which users of the tenants sign in. It stops with the test, or when `whenOver` says. */
export async function startSessionRelay(
  provider: OidcProvider,
  options: {
    readonly session?: object;
    readonly settings?: Readonly<Record<string, string>>;
    readonly tenants?: readonly SeededTenant[];
    readonly whenOver?: WhenOver;
  } = {},
): Promise<TestRelay> {
  const { whenOver = onTestFinished } = options;
  const relay = await startTestRelay({
    settings: { session: await sessionSettings(options.session, whenOver), ...options.settings },
    tenants: options.tenants ?? [signInTenant(provider)],
  });
  whenOver(() => relay.stop());
  return relay;
}

export type Headers = Readonly<Record<string, string>>;
export type SessionClient = Client<typeof SessionService>;

export function sessionClient(baseUrl: string, headers: Headers = {}): SessionClient {
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "2",
    interceptors: [withHeaders(headers)],
  });
  return createClient(SessionService, transport);
}

export const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** Signs a user of the tenant in with an ID token. */
export async function signIn(
  client: SessionClient,
  provider: OidcProvider,
  changes: IdTokenChanges = {},
): Promise<SignedIn> {
  const { signInId, nonce } = await client.beginIdTokenSignIn({ tenant: TENANT, providerId: "test" });
  const idToken = await provider.idToken(nonce, changes);
  const { signedIn } = await client.finishIdTokenSignIn({ signInId, idToken });
  if (signedIn === undefined) throw new Error("nobody was signed in");
  return signedIn;
}
