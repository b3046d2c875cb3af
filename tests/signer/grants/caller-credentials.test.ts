import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DomainError, reasonName } from "@countersign/service-kit";
import { CallerCredentials } from "@countersign/signer-service/grants/caller-credentials.ts";
import { callerCredentialsSection } from "@countersign/signer-service/grants/caller-credentials-section.ts";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const NOW_S = 1_800_000_000;
const NOW = new Date(NOW_S * 1_000);
const KEYS = {
  acme: await generateKeyPair("EdDSA", { extractable: true }),
  globex: await generateKeyPair("ES256", { extractable: true }),
  stranger: await generateKeyPair("EdDSA", { extractable: true }),
};
const INVALID = "SIGNER_CREDENTIAL_INVALID";

async function keySetFile(...keys: CryptoKey[]): Promise<string> {
  const path = join(temporaryDirectory(), "jwks.json");
  writeFileSync(path, JSON.stringify({ keys: await Promise.all(keys.map((key) => exportJWK(key))) }));
  return path;
}

async function credentials(): Promise<CallerCredentials> {
  const acme = { issuer: "https://login.acme.test", audience: "relay", clock_skew_s: 5 };
  const globex = { issuer: "https://login.globex.test", audience: "relay", clock_skew_s: 5 };
  return CallerCredentials.load({
    tenants: {
      acme: [{ ...acme, jwks_file: await keySetFile(KEYS.acme.publicKey) }],
      globex: [{ ...globex, jwks_file: await keySetFile(KEYS.globex.publicKey) }],
    },
  });
}

const CLAIMS = { iss: "https://login.acme.test", aud: "relay", sub: "user-1", exp: NOW_S + 600, iat: NOW_S };

function token(claims: object = {}, key = KEYS.acme.privateKey, alg = "EdDSA"): Promise<string> {
  return new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg }).sign(key);
}

type Presented = Parameters<CallerCredentials["verify"]>[0];

async function verified(credential: string, fields: Partial<Presented> = {}): Promise<string> {
  try {
    await (await credentials()).verify({ tenant: "acme", purpose: "DELEGATE", credential, ...fields }, NOW);
    return "good";
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return reasonName(error.reason);
  }
}

describe("a caller's credential", () => {
  it("is good when an issuer of the grant's tenant signed it", async () => {
    expect(await verified(await token())).toBe("good");
    expect(await verified(await token({ aud: ["other", "relay"] }))).toBe("good");
    const globex = await token({ iss: "https://login.globex.test" }, KEYS.globex.privateKey, "ES256");
    expect(await verified(globex, { tenant: "globex" })).toBe("good");
    expect(await verified(globex)).toBe(INVALID);
  });

  it("is needed for delegates and accounts, and by tenants that the signer does not know", async () => {
    expect(await verified("")).toBe(INVALID);
    expect(await verified("", { purpose: "ACCOUNT_CREATION" })).toBe(INVALID);
    for (const tenant of ["", "initech", "constructor"]) {
      expect(await verified(await token(), { tenant })).toBe(INVALID);
    }
  });

  it("is not needed for the relay's own business", async () => {
    expect(await verified("", { tenant: "", purpose: "KEY_MANAGEMENT" })).toBe("good");
    expect(await verified("", { tenant: "", purpose: "TRANSFER" })).toBe("good");
  });

  it.each([
    ["another issuer", { iss: "https://login.globex.test" }],
    ["another audience", { aud: "console" }],
    ["an end that is past, beyond the skew", { exp: NOW_S - 5 }],
    ["no end", { exp: undefined }],
    ["no subject", { sub: undefined }],
    ["an end that is far away", { exp: NOW_S + 31 * 86_400 + 1 }],
    ["a beginning in the future", { nbf: NOW_S + 6 }],
    ["an issue in the future", { iat: NOW_S + 6 }],
  ])("is refused with %s", async (_, claims) => {
    expect(await verified(await token(claims))).toBe(INVALID);
  });

  it("is taken within the skew, and up to 31 days ahead", async () => {
    expect(await verified(await token({ exp: NOW_S - 4, nbf: NOW_S + 5, iat: NOW_S + 5 }))).toBe("good");
    expect(await verified(await token({ exp: NOW_S + 31 * 86_400 }))).toBe("good");
  });

  it("is refused without a good signature of a public key", async () => {
    expect(await verified(await token({}, KEYS.stranger.privateKey))).toBe(INVALID);
    expect(await verified(new UnsecuredJWT(CLAIMS).encode())).toBe(INVALID);
    const publicKey = new TextEncoder().encode(JSON.stringify(await exportJWK(KEYS.acme.publicKey)));
    const hmac = await new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256" }).sign(publicKey);
    expect(await verified(hmac)).toBe(INVALID);
    const good = await token();
    for (const broken of ["x", "a.b.c", `${good}x`, good.slice(0, -2), `Bearer ${good}`]) {
      expect(await verified(broken)).toBe(INVALID);
    }
  });

  it("is refused when it is too long to be read", async () => {
    expect(await verified(await token({ more: "x".repeat(8_192) }))).toBe(INVALID);
    expect(await verified(await token({ more: "x".repeat(5_000) }))).toBe("good");
  });
});

describe("a key set file", () => {
  async function load(jwks_file: string): Promise<unknown> {
    const issuer = { issuer: "https://login.acme.test", audience: "relay", jwks_file, clock_skew_s: 5 };
    return CallerCredentials.load({ tenants: { acme: [issuer] } }).catch((error: unknown) => error);
  }

  it("that holds a secret, or no key, or no keys at all is refused by its name", async () => {
    const directory = temporaryDirectory();
    const broken = {
      "private.json": JSON.stringify({ keys: [await exportJWK(KEYS.acme.privateKey)] }),
      "shared.json": JSON.stringify({ keys: [{ kty: "oct", k: "c2VjcmV0" }] }),
      "empty.json": JSON.stringify({ keys: [] }),
      "text.json": "keys",
      "large.json": `{"keys":[${" ".repeat(65_536)}]}`,
    };
    for (const [name, text] of Object.entries(broken)) {
      const path = join(directory, name);
      writeFileSync(path, text);
      expect(String(await load(path))).toContain(path);
    }
    expect(String(await load(join(directory, "none.json")))).toContain("cannot be read");
  });

  it("may serve one tenant alone", () => {
    const issuer = { issuer: "https://login.test", audience: "relay", jwks_file: "/jwks.json" };
    const tenants = (fields: object) => callerCredentialsSection.safeParse({ tenants: fields }).success;
    expect(tenants({ acme: [issuer], globex: [{ ...issuer, audience: "globex" }] })).toBe(true);
    expect(tenants({ acme: [issuer], globex: [issuer] })).toBe(false);
    expect(tenants({ acme: [] })).toBe(false);
  });
});
