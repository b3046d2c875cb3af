import { DomainError, reasonName } from "@countersign/service-kit";
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { IdTokens } from "./id-tokens.ts";
import { type Provider, providerOf } from "./provider.ts";

const NOW = new Date("2026-01-02T03:04:05Z");
const EXPECTED = { nonce: "n".repeat(43), begunAt: NOW };
const GOOGLE = "https://accounts.google.com";

const google = (id: string, issuer: string): Provider =>
  providerOf({ id, issuer, clientId: "wallet", clientSecretName: "" });

/** Verifies the ID token that a provider signs in the name of an issuer. */
async function verified(provider: Provider, iss: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const asked: string[] = [];
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256" }] });
  const idTokens = new IdTokens({
    discovery: {
      of: async ({ issuer }) => {
        asked.push(issuer);
        const endpoint = new URL(`${issuer}/x`);
        return {
          authorizationEndpoint: endpoint,
          tokenEndpoint: endpoint,
          jwksUri: `${issuer}/keys`,
          basicAuth: true,
        };
      },
    },
    keys: { of: () => keys },
    now: () => NOW,
  });
  const iat = NOW.getTime() / 1000;
  const token = await new SignJWT({ iss, aud: "wallet", sub: "1", nonce: EXPECTED.nonce, iat, exp: iat + 60 })
    .setProtectedHeader({ alg: "RS256", kid: "1" })
    .sign(privateKey);
  return { account: await idTokens.verify(token, provider, EXPECTED), asked };
}

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => "none",
    (error) => (error instanceof DomainError ? reasonName(error.reason) : String(error)),
  );

test.each([GOOGLE, "accounts.google.com"])(
  "an ID token of Google's that names %s is one account's",
  async (iss) => {
    for (const provider of [google("google", ""), google("work", GOOGLE)]) {
      const { account, asked } = await verified(provider, iss);
      expect(account).toEqual({ providerId: provider.id, issuer: GOOGLE, subject: "1" });
      expect(asked).toEqual([GOOGLE]);
    }
  },
);

test.each([
  ["http://accounts.google.com", google("google", "")],
  [`${GOOGLE}/`, google("google", "")],
  ["google.com", google("google", "")],
  ["issuer.example", google("other", "https://issuer.example")],
  // A tenant's own provider does not become Google by its name.
  [GOOGLE, google("google", "https://issuer.example")],
])("an ID token that names %j is not taken", async (iss, provider) => {
  expect(await reasonOf(verified(provider, iss))).toBe("ID_TOKEN_INVALID");
});
