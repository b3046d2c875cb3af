import { cookieOf, pageOf, REFRESH_COOKIE, SESSION_COOKIE } from "../access/app-cookies.ts";
import type { IssuedSession } from "./ports.ts";

export interface SessionCookiesOptions {
  readonly sameSite: "strict" | "lax" | "none";
  /** A jar of its own for each site that embeds the wallet (CHIPS); with sameSite none. */
  readonly partitioned: boolean;
  readonly now: () => Date;
}

/** The call's headers, and those of its answer. */
interface Call {
  readonly requestHeader: Headers;
  readonly responseHeader: Headers;
}

/** Keeps a session's tokens where no script reads them: in cookies that this host alone gets. */
export class SessionCookies {
  readonly #attributes: string;
  readonly #now: () => Date;

  constructor({ sameSite, partitioned, now }: SessionCookiesOptions) {
    const site = { strict: "Strict", lax: "Lax", none: "None" }[sameSite];
    this.#attributes = `Path=/; Secure; HttpOnly; SameSite=${site}${partitioned ? "; Partitioned" : ""}`;
    this.#now = now;
  }

  /** Sets the cookies of a session; what is left to tell the page holds no token. */
  handOut(issued: IssuedSession, { responseHeader }: Pick<Call, "responseHeader">): IssuedSession {
    const { accessToken, accessExpiresAt, refreshToken, sessionExpiresAt } = issued;
    this.#set(responseHeader, SESSION_COOKIE, accessToken, accessExpiresAt);
    this.#set(responseHeader, REFRESH_COOKIE, refreshToken, sessionExpiresAt);
    return { ...issued, accessToken: "", refreshToken: "" };
  }

  /** The refresh token that came as a cookie. Throws CREDENTIALS_MISSING without what every call with cookies needs. */
  refreshToken({ requestHeader }: Pick<Call, "requestHeader">): string | undefined {
    pageOf(requestHeader);
    return cookieOf(requestHeader.get("cookie"), REFRESH_COOKIE);
  }

  /** Takes the cookies away. */
  clear({ responseHeader }: Pick<Call, "responseHeader">): void {
    for (const name of [SESSION_COOKIE, REFRESH_COOKIE]) {
      responseHeader.append("set-cookie", `${name}=; ${this.#attributes}; Max-Age=0`);
    }
  }

  #set(headers: Headers, name: string, value: string, expiresAt: Date): void {
    const seconds = Math.max(0, Math.floor((expiresAt.getTime() - this.#now().getTime()) / 1000));
    headers.append("set-cookie", `${name}=${value}; ${this.#attributes}; Max-Age=${seconds}`);
  }
}
