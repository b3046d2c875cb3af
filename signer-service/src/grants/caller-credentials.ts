import { open } from "node:fs/promises";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { createLocalJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { z } from "zod";
import type { Purpose } from "../journal/journal.ts";
import type { callerCredentialsSection } from "./caller-credentials-section.ts";

/** Signatures only: a shared secret would let the signer's file make tokens. */
const ALGORITHMS = ["ES256", "ES384", "EdDSA", "RS256", "PS256"];
/** Longest token, as the contract has it. */
const MAX_TOKEN_LENGTH = 8_192;
/** A token that ends later than this from now is refused, in seconds: it cannot be revoked. 31 days. */
const MAX_LIFETIME_S = 31 * 86_400;
const MAX_KEY_SET_BYTES = 65_536;

type Section = NonNullable<z.output<typeof callerCredentialsSection>>;

interface Issuer {
  readonly issuer: string;
  readonly audience: string;
  readonly clockSkewS: number;
  readonly keys: JWTVerifyGetKey;
}

/** What a call brings for one transaction. */
export interface PresentedCredential {
  /** Of the verified grant; empty for the relay's own business. */
  readonly tenant: string;
  /** As the signer derived it. */
  readonly purpose: Purpose;
  /** A JSON Web Token without "Bearer"; empty when there is none. */
  readonly credential: string;
}

/** Verifies callers' own tokens again (RFC 7519, RFC 8725), so that a relay alone cannot act for a tenant. */
export class CallerCredentials {
  readonly #tenants: ReadonlyMap<string, readonly Issuer[]>;

  private constructor(tenants: ReadonlyMap<string, readonly Issuer[]>) {
    this.#tenants = tenants;
  }

  /** Reads the key sets, which then stay as they are; nothing is fetched. Throws an Error that names the file. */
  static async load({ tenants }: Section): Promise<CallerCredentials> {
    const loaded = Object.entries(tenants).map(async ([tenant, issuers]) => {
      const opened = issuers.map(async ({ issuer, audience, jwks_file, clock_skew_s }) => {
        return { issuer, audience, clockSkewS: clock_skew_s, keys: await readKeySet(jwks_file) };
      });
      return [tenant, await Promise.all(opened)] as const;
    });
    return new CallerCredentials(new Map(await Promise.all(loaded)));
  }

  /**
   * Resolves when a token of the tenant's issuers proves its caller. The relay's own business needs none: key
   * management has its admin grant, and transfers go where the policy says. Throws SIGNER_CREDENTIAL_INVALID.
   */
  async verify({ tenant, purpose, credential }: PresentedCredential, now: Date): Promise<void> {
    if (purpose === "KEY_MANAGEMENT" || purpose === "TRANSFER") return;
    const issuers = this.#tenants.get(tenant);
    if (issuers === undefined) throw invalid("the signer knows no issuer of credentials for this tenant");
    if (credential === "") throw invalid("the signer asks for the caller's credential and there is none");
    if (credential.length > MAX_TOKEN_LENGTH) throw invalid("the caller's credential is too long");
    const problems: unknown[] = [];
    for (const issuer of issuers) {
      try {
        await verifyToken(credential, issuer, now);
        return;
      } catch (error) {
        problems.push(error);
      }
    }
    throw invalid("the caller's credential is not a token that holds for this tenant", problems[0]);
  }
}

async function verifyToken(token: string, { keys, ...issuer }: Issuer, now: Date): Promise<void> {
  const { payload } = await jwtVerify(token, keys, {
    issuer: issuer.issuer,
    audience: issuer.audience,
    algorithms: ALGORITHMS,
    clockTolerance: issuer.clockSkewS,
    requiredClaims: ["exp", "sub"],
    currentDate: now,
  });
  assertTimes(payload, now.getTime() / 1_000, issuer.clockSkewS);
}

/** What jose leaves open: how long a token lives, and whether it was issued yet. */
function assertTimes({ exp = 0, iat }: JWTPayload, nowS: number, skewS: number): void {
  if (exp > nowS + MAX_LIFETIME_S) throw new Error("the token lives too long");
  if (iat !== undefined && iat > nowS + skewS) throw new Error("the token is from the future");
}

async function readKeySet(path: string): Promise<JWTVerifyGetKey> {
  const text = await readBounded(path);
  try {
    const set = JSON.parse(text) as { keys: { kty?: unknown; d?: unknown }[] };
    const keys = createLocalJWKSet(set as Parameters<typeof createLocalJWKSet>[0]);
    if (set.keys.length === 0) throw new Error("there is no key in it");
    if (set.keys.some(({ kty, d }) => kty === "oct" || d !== undefined)) throw new Error("it holds a secret");
    return keys;
  } catch (cause) {
    throw new Error(`${path} is not a JSON Web Key Set of public keys`, { cause });
  }
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw new Error(`the key set ${path} cannot be read`, { cause });
  });
  try {
    const buffer = Buffer.alloc(MAX_KEY_SET_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAX_KEY_SET_BYTES) throw new Error(`the key set ${path} is larger than 64 KiB`);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.SIGNER_CREDENTIAL_INVALID, message, { cause });
}
