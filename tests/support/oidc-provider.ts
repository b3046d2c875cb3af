import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { onTestFinished } from "vitest";

export const CLIENT_ID = "wallet-client";
export const CLIENT_SECRET = "client hunter2 %&+";

/** Claims and header of an ID token, changed as a test likes; undefined leaves one out. */
export interface IdTokenChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** An OpenID provider of a test's own, which is honest unless it is told otherwise. */
export interface OidcProvider {
  readonly issuer: string;
  /** Paths that were asked, in order. */
  readonly asked: string[];
  /** Answers instead of the provider, where it answers at all. */
  intercept: ((path: string, response: http.ServerResponse) => boolean) | undefined;
  /** What the ID tokens of the token endpoint say besides. */
  changes: IdTokenChanges;
  /** An ID token for the client, good for five minutes. */
  idToken(nonce: string, changes?: IdTokenChanges): Promise<string>;
  /** Its user agrees: the address that the browser is sent back to. Throws when the request is not what it has to be. */
  authorize(location: string): URL;
  /** Replaces its signing key. */
  rotate(): Promise<void>;
}

/** Takes what is to be done when something is not needed any more. */
export type WhenOver = (close: () => void | Promise<void>) => void;

interface Granted {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly nonce: string;
}

/**
 * Serves discovery, keys and the token endpoint, which checks PKCE and the client's secret, over real HTTP. It stops with
 * the test, unless `whenOver` says when.
 */
export async function startOidcProvider(whenOver: WhenOver = onTestFinished): Promise<OidcProvider> {
  const codes = new Map<string, Granted>();
  let keys = await generateKeyPair("RS256");
  let kid = "1";
  const server = http.createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  whenOver(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const provider: OidcProvider = {
    issuer,
    asked: [],
    intercept: undefined,
    changes: {},
    idToken(nonce, { claims = {}, header = {} } = {}) {
      const iat = Math.floor(Date.now() / 1000);
      const good = { iss: issuer, aud: CLIENT_ID, sub: "alice@provider", nonce, iat, exp: iat + 300 };
      return new SignJWT({ ...good, ...claims })
        .setProtectedHeader({ alg: "RS256", kid, typ: "JWT", ...header })
        .sign(keys.privateKey);
    },
    authorize(location) {
      const { origin, pathname, searchParams } = new URL(location);
      const given = Object.fromEntries(searchParams);
      if (`${origin}${pathname}` !== `${issuer}/authorize`) throw new Error("not the authorization endpoint");
      const { client_id, response_type, scope, code_challenge_method } = given;
      if (client_id !== CLIENT_ID || response_type !== "code" || scope !== "openid")
        throw new Error("not a request");
      if (code_challenge_method !== "S256") throw new Error("not PKCE");
      const { redirect_uri = "", state = "", nonce = "", code_challenge = "" } = given;
      const code = randomBytes(16).toString("hex");
      codes.set(code, { redirectUri: redirect_uri, challenge: code_challenge, nonce });
      const back = new URL(redirect_uri);
      for (const [name, value] of Object.entries({ code, state, iss: issuer }))
        back.searchParams.set(name, value);
      return back;
    },
    async rotate() {
      keys = await generateKeyPair("RS256");
      kid = String(Number(kid) + 1);
    },
  };

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = request.url ?? "";
    provider.asked.push(path);
    if (provider.intercept?.(path, response)) return;
    const json = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    switch (`${request.method} ${path}`) {
      case "GET /.well-known/openid-configuration":
        return json(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
        });
      case "GET /jwks":
        return json(200, { keys: [{ ...(await exportJWK(keys.publicKey)), kid, alg: "RS256", use: "sig" }] });
      case "POST /token":
        return json(...(await redeemed(request)));
      default:
        return json(404, {});
    }
  }

  async function redeemed(request: http.IncomingMessage): Promise<[number, object]> {
    const form = new URLSearchParams(await text(request));
    const basic = [CLIENT_ID, CLIENT_SECRET].map((part) =>
      new URLSearchParams([["", part]]).toString().slice(1),
    );
    const expected = `Basic ${Buffer.from(basic.join(":")).toString("base64")}`;
    if (request.headers.authorization !== expected) return [401, { error: "invalid_client" }];
    const granted = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const verifier = form.get("code_verifier") ?? "";
    const isTheirs =
      granted !== undefined &&
      form.get("grant_type") === "authorization_code" &&
      form.get("redirect_uri") === granted.redirectUri &&
      createHash("sha256").update(verifier).digest("base64url") === granted.challenge;
    if (!isTheirs) return [400, { error: "invalid_grant" }];
    const idToken = await provider.idToken(granted.nonce, provider.changes);
    return [200, { access_token: "secret", token_type: "Bearer", id_token: idToken }];
  }

  return provider;
}
