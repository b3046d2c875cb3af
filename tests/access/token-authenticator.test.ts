import type http from "node:http";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { TokenAuthenticator } from "@countersign/server/access/token-authenticator.ts";
import { DEFAULT_KEY_FETCHING, type KeyFetching } from "@countersign/server/access/token-keys.ts";
import type { TokenIssuer } from "@countersign/server/ledger/protection-types.ts";
import { DomainError, reasonName } from "@countersign/service-kit";
import { exportSPKI, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { unexpected } from "../transport/small-relay.ts";
import {
  GOOD_CLAIMS,
  type IssuerKey,
  issuerKey,
  keySet,
  startKeyServer,
  token,
} from "./support/key-server.ts";
import { after, Protection, START, tenant, tokenIssuer } from "./support/protection.ts";

let key: IssuerKey;
let otherKey: IssuerKey;
beforeAll(async () => {
  key = await issuerKey("k1");
  otherKey = await issuerKey("k2");
});

async function authenticator(
  issuers: readonly TokenIssuer[],
  options: { now?: () => Date; fetching?: Partial<KeyFetching> } = {},
) {
  const protection = new Protection({ tenants: [tenant("acme", { tokenIssuers: issuers })] });
  const failures: unknown[] = [];
  const tokens = new TokenAuthenticator({
    directory: await protection.directory(),
    fetching: { ...DEFAULT_KEY_FETCHING, ...options.fetching },
    now: options.now ?? (() => START),
    onUnavailable: (_, error) => failures.push(error),
  });
  return { tokens, failures };
}

async function inline(changes: Partial<TokenIssuer> = {}) {
  return (await authenticator([tokenIssuer({ jwksJson: await keySet(key), ...changes })])).tokens;
}

/** The name of the refusal's reason. */
function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(unexpected, (error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
    return reasonName(error.reason);
  });
}

describe("a token", () => {
  test("proves its subject, with the scopes of the issuer's configuration", async () => {
    const tokens = await inline({ scopes: ["read", "submit"] });
    const caller = await tokens.authenticate(await token(key, { scope: "accounts", scopes: ["accounts"] }));
    expect(caller).toEqual({
      tenant: "acme",
      id: "user:bob",
      actor: "user:bob",
      keyId: null,
      endUser: "bob",
      budgetUser: "user:bob",
      scopes: new Set(["read", "submit"]),
      appSession: null,
    });
  });

  test("names its user after the issuer's prefix, which keeps the subjects of issuers apart", async () => {
    const tokens = await inline({ subjectPrefix: "google:" });
    expect(await tokens.authenticate(await token(key))).toMatchObject({
      id: "user:google:bob",
      endUser: "google:bob",
    });
  });

  test.each(["ES256", "ES384", "EdDSA", "RS256", "PS256"])("may be signed with %s", async (alg) => {
    const signer = await issuerKey("k", alg);
    const tokens = await inline({ jwksJson: await keySet(signer), algorithms: [alg] });
    expect((await tokens.authenticate(await token(signer))).endUser).toBe("bob");
  });

  test("may name several audiences, one of which is the tenant's", async () => {
    const tokens = await inline();
    expect((await tokens.authenticate(await token(key, { aud: ["x", "acme-app"] }))).tenant).toBe("acme");
  });

  const seconds = (n: number) => after(n).getTime() / 1000;
  test.each([
    ["another issuer", { iss: "https://evil.example" }],
    ["no issuer", { iss: undefined }],
    ["another audience", { aud: "globex-app" }],
    ["no audience", { aud: undefined }],
    ["very many audiences", { aud: ["acme-app", ...Array<string>(16).fill("x")] }],
    ["no subject", { sub: undefined }],
    ["an empty subject", { sub: "" }],
    ["a subject with a space", { sub: "bob smith" }],
    ["a subject that is too long", { sub: "b".repeat(129) }],
    ["no end", { exp: undefined }],
    ["an end in 32 days", { exp: seconds(32 * 86_400) }],
    ["a start beyond the skew", { nbf: seconds(11) }],
  ])("with %s is not valid", async (_, claims) => {
    const tokens = await inline();
    expect(await refusal(tokens.authenticate(await token(key, claims)))).toBe("CREDENTIALS_INVALID");
  });

  test.each([
    ["starts within the skew", { nbf: seconds(9) }],
    ["ended within the skew", { exp: seconds(-9) }],
  ])("that %s is valid", async (_, claims) => {
    expect((await (await inline()).authenticate(await token(key, claims))).endUser).toBe("bob");
  });

  test("that ended before is told so, and whose it is", async () => {
    const call = (await inline()).authenticate(await token(key, { exp: seconds(-11) }));
    await expect(call).rejects.toMatchObject({
      reason: ErrorReason.CREDENTIALS_EXPIRED,
      whose: { tenant: "acme", actor: "user:bob" },
    });
  });

  test("that ended, signed with another key, is only not valid", async () => {
    const forged = await token({ ...otherKey, kid: key.kid }, { exp: seconds(-11) });
    expect(await refusal((await inline()).authenticate(forged))).toBe("CREDENTIALS_INVALID");
  });

  test("signed with another key is not valid", async () => {
    const forged = await token({ ...otherKey, kid: key.kid });
    expect(await refusal((await inline()).authenticate(forged))).toBe("CREDENTIALS_INVALID");
  });

  test("is not valid with any character of it changed", async () => {
    const tokens = await inline();
    const good = await token(key);
    // The last character of the signature carries bits that base64 ignores.
    for (let i = 0; i < good.length - 1; i += 7) {
      const changed = good.slice(0, i) + (good[i] === "A" ? "B" : "A") + good.slice(i + 1);
      expect(await refusal(tokens.authenticate(changed)), `at ${i}`).toBe("CREDENTIALS_INVALID");
    }
  });

  test("without a signature is not valid", async () => {
    const unsecured = new UnsecuredJWT({ ...GOOD_CLAIMS, exp: seconds(300) }).encode();
    const tokens = await inline({ algorithms: ["none", "ES256"] });
    expect(await refusal(tokens.authenticate(unsecured))).toBe("CREDENTIALS_INVALID");
  });

  test("signed by HMAC with the public key as the secret is not valid, even where HS256 is configured", async () => {
    const rsa = await issuerKey("k", "RS256");
    const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
    const confused = await new SignJWT({ ...GOOD_CLAIMS, exp: seconds(300) })
      .setProtectedHeader({ alg: "HS256", kid: "k" })
      .sign(secret);
    const tokens = await inline({ jwksJson: await keySet(rsa), algorithms: ["HS256", "RS256"] });
    expect(await refusal(tokens.authenticate(confused))).toBe("CREDENTIALS_INVALID");
  });

  test("signed with an algorithm that the issuer does not use is not valid", async () => {
    const tokens = await inline({ algorithms: ["EdDSA"] });
    expect(await refusal(tokens.authenticate(await token(key)))).toBe("CREDENTIALS_INVALID");
    const none = await inline({ algorithms: [] });
    expect(await refusal(none.authenticate(await token(key)))).toBe("CREDENTIALS_INVALID");
  });

  test.each(["", "a", "a.b.c", "..", `${"e30.".repeat(3)}`, "cs_live_", "💥.💥.💥"])(
    "that is %j is not valid",
    async (text) => {
      expect(await refusal((await inline()).authenticate(text))).toBe("CREDENTIALS_INVALID");
    },
  );

  test("of an issuer whose inline keys are no key set cannot be verified now", async () => {
    const { tokens, failures } = await authenticator([tokenIssuer({ jwksJson: '{"keys":7}' })]);
    for (let i = 0; i < 3; i++) {
      expect(await refusal(tokens.authenticate(await token(key)))).toBe("TOKEN_KEYS_UNAVAILABLE");
    }
    expect(failures).toHaveLength(1);
  });
});

describe("keys that are fetched", () => {
  const serving =
    (body: string, status = 200, headers: http.OutgoingHttpHeaders = {}): http.RequestListener =>
    (_, response) =>
      void response.writeHead(status, headers).end(body);

  test("are fetched once for many tokens", async () => {
    const server = await startKeyServer(serving(await keySet(key)));
    const { tokens } = await authenticator([tokenIssuer({ jwksUri: server.url })]);
    const good = await token(key);
    await Promise.all(Array.from({ length: 20 }, () => tokens.authenticate(good)));
    await tokens.authenticate(good);
    expect(server.requests).toBe(1);
  });

  test("are not fetched for a token that no tenant trusts", async () => {
    const server = await startKeyServer(serving(await keySet(key)));
    const { tokens } = await authenticator([tokenIssuer({ jwksUri: server.url })]);
    for (const claims of [{ iss: "https://evil.example" }, { aud: "globex-app" }]) {
      expect(await refusal(tokens.authenticate(await token(key, claims)))).toBe("CREDENTIALS_INVALID");
    }
    expect(server.requests).toBe(0);
  });

  test("are fetched again for a new key's id, and keys that are gone from the set are not taken any more", async () => {
    const server = await startKeyServer(serving(await keySet(key)));
    const { tokens } = await authenticator([tokenIssuer({ jwksUri: server.url })], {
      fetching: { cooldownMs: 0 },
    });
    await tokens.authenticate(await token(key));
    server.answer = serving(await keySet(otherKey));
    expect((await tokens.authenticate(await token(otherKey))).endUser).toBe("bob");
    expect(await refusal(tokens.authenticate(await token(key)))).toBe("CREDENTIALS_INVALID");
  });

  test("are fetched again when they are old, so that a withdrawn key ends", async () => {
    const server = await startKeyServer(serving(await keySet(key)));
    const { tokens } = await authenticator([tokenIssuer({ jwksUri: server.url })], {
      fetching: { maxAgeMs: 0 },
    });
    await tokens.authenticate(await token(key));
    server.answer = serving(await keySet(otherKey));
    expect(await refusal(tokens.authenticate(await token(key)))).toBe("CREDENTIALS_INVALID");
  });

  test("are not fetched for each of a flood of unknown key ids", async () => {
    const server = await startKeyServer(serving(await keySet(key)));
    const { tokens } = await authenticator([tokenIssuer({ jwksUri: server.url })]);
    const flood = await Promise.all(
      Array.from({ length: 50 }, (_, i) => token(key, {}, { kid: `evil-${i}` })),
    );
    for (const evil of flood) expect(await refusal(tokens.authenticate(evil))).toBe("CREDENTIALS_INVALID");
    expect(server.requests).toBe(1);
    expect((await tokens.authenticate(await token(key))).endUser).toBe("bob");
  });

  test.each<[string, () => http.RequestListener | Promise<http.RequestListener>]>([
    ["answers HTTP 500", () => serving("{}", 500)],
    [
      "redirects",
      async () => {
        const keys = await keySet(key);
        return (request, response) => {
          if (request.url === "/jwks") response.writeHead(302, { location: "/elsewhere" }).end();
          else response.end(keys);
        };
      },
    ],
    ["answers what is no JSON", () => serving("<html>")],
    ["answers what is no key set", () => serving('{"keys":{}}')],
    ["hangs up", () => (_, response) => void response.destroy()],
    ["never answers", () => () => undefined],
    ["never ends its answer", () => (_, response) => void response.write('{"keys":[')],
    ["sends very much", async () => serving(`${await keySet(key)}${" ".repeat(70_000)}`)],
  ])("cannot be had from a server that %s, and it is left alone for a while", async (_, answer) => {
    let clock = START;
    const server = await startKeyServer(await answer());
    const { tokens, failures } = await authenticator([tokenIssuer({ jwksUri: server.url })], {
      now: () => clock,
      fetching: { timeoutMs: 2_000, restMs: 5_000 },
    });
    const good = await token(key);
    const calls = Array.from({ length: 5 }, () => refusal(tokens.authenticate(good)));
    expect(await Promise.all(calls)).toEqual(Array(5).fill("TOKEN_KEYS_UNAVAILABLE"));
    const asked = server.requests;
    expect(await refusal(tokens.authenticate(good))).toBe("TOKEN_KEYS_UNAVAILABLE");
    expect(server.requests).toBe(asked);
    expect(failures).toHaveLength(1);
    server.answer = serving(await keySet(key));
    clock = after(5);
    expect((await tokens.authenticate(good)).endUser).toBe("bob");
  });

  test("that are there serve on while the server is down and unknown key ids come in", async () => {
    const server = await startKeyServer(serving(await keySet(key)));
    const { tokens } = await authenticator([tokenIssuer({ jwksUri: server.url })], {
      fetching: { cooldownMs: 0 },
    });
    await tokens.authenticate(await token(key));
    server.answer = serving("", 503);
    for (let i = 0; i < 10; i++) {
      expect(await refusal(tokens.authenticate(await token(otherKey)))).toBe("TOKEN_KEYS_UNAVAILABLE");
      expect((await tokens.authenticate(await token(key))).endUser).toBe("bob");
    }
    expect(server.requests).toBe(2);
  });

  test.each(["http://id.example/jwks", "file:///etc/passwd", "https://user:secret@id.example/", "not a url"])(
    "are not fetched from %s",
    async (jwksUri) => {
      const { tokens, failures } = await authenticator([tokenIssuer({ jwksUri })]);
      expect(await refusal(tokens.authenticate(await token(key)))).toBe("TOKEN_KEYS_UNAVAILABLE");
      const cause = expect.objectContaining({ message: expect.stringContaining("fetched over https") });
      expect(failures).toMatchObject([{ cause }]);
    },
  );

  test("tell who waits when to come back", async () => {
    const server = await startKeyServer(serving("", 503));
    const { tokens } = await authenticator([tokenIssuer({ jwksUri: server.url })]);
    await expect(tokens.authenticate(await token(key))).rejects.toMatchObject({ retryAfterMs: 5_000 });
  });
});
