import { z } from "zod";

const MAX_ISSUERS = 8;

const issuer = z.strictObject({
  /** The token's `iss` and one of its `aud`. */
  issuer: z.string().min(1).max(512),
  audience: z.string().min(1).max(512),
  /** A JSON Web Key Set (RFC 7517) of public keys. */
  jwks_file: z.string().min(1).max(4096),
  clock_skew_s: z.int().min(0).max(300).default(30),
});

/**
 * The configuration's `caller_credentials`: whose tokens prove that a tenant's caller is there. With the section, a
 * delegate or an account is signed only with one.
 */
export const callerCredentialsSection = z
  .strictObject({
    tenants: z.record(z.string().min(1).max(128), z.array(issuer).min(1).max(MAX_ISSUERS)),
  })
  .refine(({ tenants }) => {
    const pairs = Object.values(tenants).flatMap((issuers) =>
      issuers.map(({ issuer, audience }) => JSON.stringify([issuer, audience])),
    );
    return new Set(pairs).size === pairs.length;
  }, "must name each issuer with an audience once: its tokens are one tenant's")
  .optional();
