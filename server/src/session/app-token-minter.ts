import { SignJWT } from "jose";
import { APP_TOKEN_TYPE } from "../access/app-token-type.ts";
import type { AppSession } from "../ledger/app-session-types.ts";
import type { SigningKeys } from "./signing-keys.ts";

export interface AppTokenMinterOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds; at most MAX_APP_TOKEN_S. */
  readonly lifetimeS: number;
  readonly keys: Pick<SigningKeys, "current">;
  readonly now: () => Date;
}

/** Makes the access tokens of sessions: claims sub (the user), tenant, sid and sst (the session and when it began). */
export class AppTokenMinter {
  readonly #options: AppTokenMinterOptions;

  constructor(options: AppTokenMinterOptions) {
    this.#options = options;
  }

  /** It ends with its session, and with the key that signs it, if they end earlier. */
  async mint(session: AppSession): Promise<{ readonly token: string; readonly expiresAt: Date }> {
    const { issuer, audience, lifetimeS, keys, now } = this.#options;
    const { id, privateKey, notAfter } = keys.current();
    const iat = Math.floor(now().getTime() / 1000);
    const ends = [session.expiresAt, notAfter].map((end) => Math.floor((end?.getTime() ?? Infinity) / 1000));
    const exp = Math.min(iat + lifetimeS, ...ends);
    const sst = Math.floor(session.createdAt.getTime() / 1000);
    const token = await new SignJWT({ tenant: session.tenant, sid: session.id, sst })
      .setProtectedHeader({ alg: "EdDSA", typ: APP_TOKEN_TYPE, kid: id })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(session.userId)
      .setIssuedAt(iat)
      .setExpirationTime(exp)
      .sign(privateKey);
    return { token, expiresAt: new Date(exp * 1000) };
  }
}
