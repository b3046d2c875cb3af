import { type Environment, networksField, secretField } from "@countersign/service-kit";
import { z } from "zod";

/** A list of this many is more than a signer serves. */
const MAX_ENTRIES = 64;
/** Least length of a request key's secret: that of its hash (RFC 2104, section 3). */
const MIN_SECRET_BYTES = 32;

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 of letters, digits, dots, dashes and underscores");

/** A SPIFFE id (its trust domain in lower case, a path, 2048 bytes in all), or a common name of at most 64 characters. */
const identity = z
  .string()
  .refine(
    (text) =>
      /^CN=.{1,64}$/u.test(text) ||
      (text.length <= 2048 && /^spiffe:\/\/[a-z0-9._-]{1,255}(\/[A-Za-z0-9._-]+)+$/.test(text)),
    'must be "spiffe://trust-domain/path" or "CN=name"',
  );

const requestKey = (env: Environment) =>
  z.strictObject({
    id: name,
    service: name,
    secret: secretField(env).refine(
      (secret) => Buffer.byteLength(secret.reveal()) >= MIN_SECRET_BYTES,
      `must have at least ${MIN_SECRET_BYTES} bytes`,
    ),
  });

/**
 * Section `auth`: what a caller proves. What is configured is required, both together where both are.
 */
export function authSchema(env: Environment) {
  return z.strictObject({
    /** Whose certificates are let in, among those that the listener's authority vouches for. */
    mtls: z.strictObject({ identities: z.array(identity).min(1).max(MAX_ENTRIES) }).optional(),
    signed_requests: z
      .strictObject({
        /** All are good; two of them for one service while its key is rotated. */
        keys: z
          .array(requestKey(env))
          .min(1)
          .max(MAX_ENTRIES)
          .refine((keys) => new Set(keys.map((k) => k.id)).size === keys.length, "must have one id each"),
        /** A request is good for this long before and after the time that it names. Milliseconds. */
        max_skew_ms: z.int().min(1000).max(300_000).default(30_000),
      })
      .optional(),
  });
}

/** Section `network`: from where calls may come. */
export const networkSchema = z.strictObject({
  /** Instead of all private networks. */
  allow: networksField.min(1).max(MAX_ENTRIES).optional(),
  /** Proxies whose X-Forwarded-For says who calls. */
  trusted_proxies: networksField.max(MAX_ENTRIES).default([]),
});

export type AuthConfig = z.output<ReturnType<typeof authSchema>>;
export type NetworkConfig = z.output<typeof networkSchema>;

/** What the listener says about `auth`: on TCP an authority alone would let every service in that it ever vouched for. */
export function* authProblems(
  listenKind: "unix" | "tls",
  auth: AuthConfig,
): Generator<{ path: string[]; message: string }> {
  const needed = listenKind === "tls";
  if (needed === (auth.mtls !== undefined)) return;
  const message = needed
    ? "is needed on TCP: the identities of the relays that may call"
    : "is not for a Unix socket, where nobody shows a certificate";
  yield { path: ["auth", "mtls"], message };
}
