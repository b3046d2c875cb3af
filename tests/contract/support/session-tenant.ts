import { createHash, randomBytes } from "node:crypto";
import type { SignedIn } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { assertionJson, registrationJson } from "../../session/passkey-world.ts";
import { madeToken } from "../../session/support/made-token.ts";
import {
  bearer,
  type Headers,
  type SessionClient,
  sessionClient,
} from "../../session/support/session-relay.ts";
import type { IdTokenChanges, OidcProvider } from "../../support/oidc-provider.ts";
import { type CeremonyOptions, SoftwarePasskey } from "../../support/software-passkey.ts";

export interface SessionTenantOptions {
  readonly id: string;
  /** The relay's. */
  readonly address: string;
  /** Over HTTP/2 without it. */
  readonly client?: SessionClient;
  readonly provider: OidcProvider;
  readonly disable: () => Promise<unknown>;
  readonly pause: () => Promise<unknown>;
}

/** Whose users the relay's session worlds take; nothing answers where its keys are. */
export const SILENT_PEER = "https://peer.example";

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
    this.client = options.client ?? sessionClient(options.address);
  }

  /** As an operator does. */
  disable(): Promise<unknown> {
    return this.#options.disable();
  }

  /** As an operator does. */
  pause(): Promise<unknown> {
    return this.#options.pause();
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
  expiredToken(session: SignedIn): Promise<string> {
    return madeToken(session, { tenant: this.id, madeAgoS: 600 });
  }

  /** A good access token of the session as if it had begun an hour ago. */
  oldToken(session: SignedIn): Promise<string> {
    return madeToken(session, { tenant: this.id, startedAgoS: 3600 });
  }

  /** One of a peer whose keys cannot be had. */
  peersToken(session: SignedIn): Promise<string> {
    return madeToken(session, { tenant: this.id, issuer: SILENT_PEER });
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
