import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { SCOPES } from "../ledger/protection-types.ts";
import type { SignInSettings } from "../session/ports.ts";
import { cookieOf, pageOf, SESSION_COOKIE } from "./app-cookies.ts";
import { saysAppToken } from "./app-token-type.ts";
import type { AppTokenVerifier } from "./app-token-verifier.ts";
import type { Authenticator, CredentialsRequest } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import { userCaller } from "./callers.ts";
import { readCredentials } from "./credentials.ts";
import { invalidCredentials } from "./refused-credentials.ts";

export interface AppTokenAuthenticatorOptions {
  readonly verifier: Pick<AppTokenVerifier, "verify">;
  /** Whether the token may come as a cookie. */
  readonly cookies: boolean;
}

/** Users who have signed in to this relay or to a peer. What they may do stands in their tenant's settings. */
export class AppTokenAuthenticator implements Authenticator {
  readonly #options: AppTokenAuthenticatorOptions;

  constructor(options: AppTokenAuthenticatorOptions) {
    this.#options = options;
  }

  /** Undefined for other kinds of credentials. Throws what the verifier does, and what cookies ask for. */
  async authenticate({ headers, directory }: CredentialsRequest): Promise<Caller | undefined> {
    const { token, page } = this.#presented(headers) ?? {};
    if (token === undefined) return undefined;
    const { tenant, userId, session } = await this.#options.verifier.verify(token);
    const signIn = directory.signIn(tenant);
    if (page !== undefined) assertWallet(page, signIn);
    // Who speaks for others has a key. A user has one name.
    const scopes = SCOPES.filter((scope) => scope !== "end-users" && signIn?.scopes.includes(scope));
    return userCaller(tenant, userId, scopes, session);
  }

  /**
   * For methods that are open to everybody and do more for a user who is signed in: undefined without credentials.
   *
   * @throws what `authenticate` does, and CREDENTIALS_INVALID for credentials that are no session's at this relay
   */
  async optionalCaller(request: CredentialsRequest): Promise<Caller | undefined> {
    const caller = await this.authenticate(request);
    if (caller === undefined && readCredentials(request.headers) === undefined) return undefined;
    if (caller === undefined || caller.appSession === null) throw invalidCredentials();
    return caller;
  }

  /** With a cookie, also the page that the call comes from. */
  #presented(headers: Headers): { token: string; page?: string } | undefined {
    const credentials = readCredentials(headers);
    if (credentials !== undefined) {
      const isOurs = credentials.kind === "token" && saysAppToken(credentials.token);
      return isOurs ? { token: credentials.token } : undefined;
    }
    const token = this.#options.cookies ? cookieOf(headers.get("cookie"), SESSION_COOKIE) : undefined;
    return token === undefined ? undefined : { token, page: pageOf(headers) };
  }
}

/** With cookies, only pages of the tenant's wallets call, and no other page that its policy lets in. */
function assertWallet(page: string, signIn: SignInSettings | undefined): void {
  if (signIn?.relyingParties.some(({ origins }) => origins.includes(page))) return;
  throw new DomainError(ErrorReason.ORIGIN_NOT_ALLOWED, "the tenant does not allow this origin");
}
