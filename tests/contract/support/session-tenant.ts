import { createHash, randomBytes } from "node:crypto";
import type { SignedIn } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { AppTokenMinter } from "@countersign/server/session/app-token-minter.ts";
import { SigningKeys } from "@countersign/server/session/signing-keys.ts";
import { Secret } from "@countersign/service-kit";
import { assertionJson, registrationJson } from "../../session/passkey-world.ts";
import {
  bearer,
  type Headers,
  ISSUER,
  type SessionClient,
  SIGNING_SEED,
  sessionClient,
} from "../../session/support/session-relay.ts";
import type { IdTokenChanges, OidcProvider } from "../../support/oidc-provider.ts";
import { type CeremonyOptions, SoftwarePasskey } from "../../support/software-passkey.ts";

export interface SessionTenantOptions {
  readonly id: string;
  /** The relay's. */
  readonly address: string;
  readonly provider: OidcProvider;
  readonly disable: () => Promise<unknown>;
}

/** A tenant of a test's own, as its users and their browsers see the relay. */
export class SessionTenant {
  readonly id: string;
  readonly rpId: string;
  readonly origin: string;
  readonly client: SessionClient;
  readonly #options: SessionTenantOptions;

  constructor(options: SessionTenantOptions) {
    this.#options = options;
    this.id = options.id;
    this.rpId = `${options.id}.example`;
    this.origin = `https://${this.rpId}`;
    this.client = sessionClient(options.address);
  }

  /** As an operator does. */
  disable(): Promise<unknown> {
    return this.#options.disable();
  }

  newPasskey(counts = false): SoftwarePasskey {
    return new SoftwarePasskey({ rpId: this.rpId, origin: this.origin, counts });
  }

  /** Signs a user in with an ID token. */
  async signIn(subject = "alice"): Promise<SignedIn> {
    const { signedIn } = await this.client.finishIdTokenSignIn(
      await this.idTokenSignIn({ claims: { sub: subject } }),
    );
    return present(signedIn);
  }

  /** Begins; answers what finishes. */
  async idTokenSignIn(changes: IdTokenChanges = {}, headers: Headers = {}) {
    const request = { tenant: this.id, providerId: "test" };
    const { signInId, nonce } = await this.client.beginIdTokenSignIn(request, { headers });
    return { signInId, idToken: await this.#options.provider.idToken(nonce, changes) };
  }

  /** Registers the passkey for a new user, who is signed in then. */
  async register(passkey: SoftwarePasskey): Promise<SignedIn> {
    const { signedIn } = await this.client.finishPasskeyRegistration(await this.registration(passkey));
    return present(signedIn);
  }

  /** Begins; answers what finishes. */
  async registration(passkey: SoftwarePasskey, options: CeremonyOptions = {}, headers: Headers = {}) {
    const request = { tenant: this.id, rpId: this.rpId, userName: "alice" };
    const begun = await this.client.beginPasskeyRegistration(request, { headers });
    const json = registrationJson(passkey, challengeOf(begun), options);
    return { registrationId: begun.registrationId, credentialJson: JSON.stringify(json) };
  }

  /** Begins; answers what finishes. `userId` is whose the passkey says to be. */
  async passkeySignIn(passkey: SoftwarePasskey, userId: string, options: CeremonyOptions = {}) {
    const begun = await this.client.beginPasskeySignIn({ tenant: this.id, rpId: this.rpId });
    const json = assertionJson(passkey, challengeOf(begun), userId, options);
    const credentialJson = JSON.stringify(json);
    return { signInId: begun.signInId, credentialJson, accountId: "alice.test" };
  }

  /** Goes through the provider's pages and back; answers what the wallet redeems. */
  async redirect() {
    const { address, provider } = this.#options;
    const verifier = randomBytes(32).toString("base64url");
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const query = new URLSearchParams({ tenant: this.id, return_to: `${this.origin}/`, challenge });
    const started = await visit(`${address}/auth/test/start?${query}`);
    const [cookie = ""] = started.headers.getSetCookie();
    const back = provider.authorize(started.headers.get("location") ?? "");
    const done = await visit(`${address}${back.pathname}${back.search}`, cookie.split(";")[0]);
    const { hash } = new URL(done.headers.get("location") ?? "");
    return { code: new URLSearchParams(hash.slice(1)).get("code") ?? "", verifier };
  }

  /** An access token of the session that ended five minutes ago. */
  async expiredToken({ sessionId, user }: SignedIn): Promise<string> {
    const past = new Date(Date.now() - 600_000);
    const now = () => past;
    const keys = new SigningKeys([{ id: "k1", seed: new Secret(SIGNING_SEED) }], now);
    const minter = new AppTokenMinter({ issuer: ISSUER, audience: "countersign", lifetimeS: 300, keys, now });
    const times = { createdAt: past, refreshedAt: past, idleAt: new Date(), expiresAt: new Date() };
    const session = { id: sessionId, tenant: this.id, userId: user?.id ?? "", ...times };
    return (await minter.mint(session)).token;
  }

  /** The headers of a user whose session has ended. */
  async revoked(): Promise<Headers> {
    const { accessToken } = await this.signIn();
    await this.client.revokeSession({}, { headers: bearer(accessToken) });
    return bearer(accessToken);
  }
}

function visit(address: string, cookie?: string): Promise<Response> {
  return fetch(address, { redirect: "manual", headers: cookie === undefined ? {} : { cookie } });
}

function challengeOf({ optionsJson }: { optionsJson: string }): string {
  return JSON.parse(optionsJson).challenge;
}

function present(signedIn: SignedIn | undefined): SignedIn {
  if (signedIn === undefined) throw new Error("nobody was signed in");
  return signedIn;
}
