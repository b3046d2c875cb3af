import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { authorizePage, errorPage, PERSONS } from "./identity-pages.ts";

const CLIENT_ID = "countersign-demo";
/** What is kept of one sign-in, for ten minutes; so many at most. */
const LIFETIME_MS = 600_000;
const MAX_OPEN = 1_000;
/** Bytes of a form at the token endpoint. */
const MAX_FORM = 8_192;

/** Somebody's OpenID provider, where two persons have accounts and no password. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  stop(): Promise<void>;
}

/** An authorization request (OpenID Connect Core, section 3.1.2.1) that was found to be good. */
interface Asked {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** SHA-256 of the client's verifier in base64url (RFC 7636). */
  readonly challenge: string;
  readonly expiresAt: number;
}

/**
 * Serves discovery, keys, a page on which one of two persons is picked, and the token endpoint with PKCE (RFC 7636).
 *
 * @param redirectUri the one address that browsers are sent back to: the relay's
 */
export async function startIdentityProvider(redirectUri: string): Promise<IdentityProvider> {
  const clientSecret = randomBytes(32).toString("base64url");
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg: "ES256", use: "sig" };
  const asked = new Map<string, Asked>();
  const granted = new Map<string, Asked & { readonly subject: string }>();
  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", issuer);
    const json = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
      response.end(JSON.stringify(body));
    };
    switch (`${request.method} ${pathname}`) {
      case "GET /.well-known/openid-configuration":
        return json(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
        });
      case "GET /jwks":
        return json(200, { keys: [jwk] });
      case "GET /authorize":
        return authorize(searchParams, response);
      case "GET /agree":
        return agree(searchParams, response);
      case "POST /token":
        return json(...(await redeem(request)));
      default:
        return json(404, {});
    }
  }

  function authorize(given: URLSearchParams, response: http.ServerResponse): void {
    const isRight =
      given.get("client_id") === CLIENT_ID &&
      given.get("redirect_uri") === redirectUri &&
      given.get("response_type") === "code" &&
      given.get("code_challenge_method") === "S256" &&
      (given.get("scope") ?? "").split(" ").includes("openid");
    if (!isRight) {
      page(response, 400, errorPage("This application is not known here."));
      return;
    }
    const id = kept(asked, {
      redirectUri,
      state: given.get("state") ?? "",
      nonce: given.get("nonce") ?? "",
      challenge: given.get("code_challenge") ?? "",
      expiresAt: Date.now() + LIFETIME_MS,
    });
    page(response, 200, authorizePage(id));
  }

  function agree(given: URLSearchParams, response: http.ServerResponse): void {
    const request = taken(asked, given.get("request"));
    const person = PERSONS.find(({ subject }) => subject === given.get("person"));
    if (request === undefined || person === undefined) {
      page(response, 400, errorPage("This sign-in is over. Begin it again in your wallet."));
      return;
    }
    const back = new URL(request.redirectUri);
    const code = kept(granted, { ...request, subject: person.subject });
    for (const [name, value] of Object.entries({ code, state: request.state, iss: issuer })) {
      back.searchParams.set(name, value);
    }
    response.writeHead(302, { location: back.href, "cache-control": "no-store" }).end();
  }

  async function redeem(request: http.IncomingMessage): Promise<[number, object]> {
    if (!isClient(request.headers.authorization, clientSecret)) return [401, { error: "invalid_client" }];
    const form = await formOf(request);
    const grant = taken(granted, form.get("code"));
    const verifier = form.get("code_verifier") ?? "";
    const isTheirs =
      grant !== undefined &&
      form.get("grant_type") === "authorization_code" &&
      form.get("redirect_uri") === grant.redirectUri &&
      createHash("sha256").update(verifier).digest("base64url") === grant.challenge;
    if (!isTheirs) return [400, { error: "invalid_grant" }];
    const idToken = await new SignJWT({ nonce: grant.nonce })
      .setProtectedHeader({ alg: "ES256", kid: jwk.kid, typ: "JWT" })
      .setIssuer(issuer)
      .setAudience(CLIENT_ID)
      .setSubject(grant.subject)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
    return [200, { access_token: randomBytes(16).toString("hex"), token_type: "Bearer", id_token: idToken }];
  }

  return {
    issuer,
    clientId: CLIENT_ID,
    clientSecret,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Keeps it under a name that nobody guesses. Forgets what is over first. */
function kept<T extends { readonly expiresAt: number }>(store: Map<string, T>, value: T): string {
  for (const [id, { expiresAt }] of store) {
    if (expiresAt > Date.now() && store.size < MAX_OPEN) break;
    store.delete(id);
  }
  const id = randomBytes(24).toString("base64url");
  store.set(id, value);
  return id;
}

/** Once, and in time. */
function taken<T extends { readonly expiresAt: number }>(
  store: Map<string, T>,
  id: string | null,
): T | undefined {
  const value = store.get(id ?? "");
  store.delete(id ?? "");
  return value !== undefined && value.expiresAt > Date.now() ? value : undefined;
}

/** client_secret_basic (RFC 6749, section 2.3.1). */
function isClient(header: string | undefined, clientSecret: string): boolean {
  const expected = Buffer.from(`Basic ${Buffer.from(`${CLIENT_ID}:${clientSecret}`).toString("base64")}`);
  const given = Buffer.from(header ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function formOf(request: http.IncomingMessage): Promise<URLSearchParams> {
  let form = "";
  for await (const chunk of request.setEncoding("utf8")) {
    form += chunk;
    if (form.length > MAX_FORM) throw new RangeError("the form is too long");
  }
  return new URLSearchParams(form);
}

function page(response: http.ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
  });
  response.end(html);
}
