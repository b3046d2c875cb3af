import { isValidAccountId } from "@countersign/near";
import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { MAX_APP_TOKEN_S } from "../access/app-token-verifier.ts";
import { isKeySetUrl } from "../access/token-keys.ts";
import { keySetProblem } from "../admin/tenants/key-set.ts";
import { isSeed } from "../signing-seed.ts";
import { isOnLoopback } from "./loopback.ts";

const DAY_S = 86_400;

/** Also where browsers find the relay: what identity providers send them back to. */
const issuer = z.string().refine((text) => {
  const url = URL.parse(text);
  return (
    url?.origin === text && (url.protocol === "https:" || (url.protocol === "http:" && isOnLoopback(url)))
  );
}, 'must be the relay\'s own origin, for example "https://relay.example": https, or http on loopback');

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and "-"');
const text = z.string().min(1).max(256);
const seconds = (min: number, max: number) => z.int().min(min).max(max);

const signingKey = (env: Environment) =>
  z.strictObject({
    id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 letters, digits and . _ -"),
    seed: secretField(env).refine(isSeed, "must be 32 bytes, in hex, base64 or base58 after ed25519:"),
    not_after: z.iso.datetime({ offset: true, message: "must be a time, with its zone" }).optional(),
  });

const peer = z
  .strictObject({
    issuer: text,
    audience: text,
    jwks_uri: z.string().refine(isKeySetUrl, "must be https://, or http:// on loopback").optional(),
    jwks_json: z.string().min(1).max(16_384).optional(),
    tenants: z.array(text).min(1),
  })
  .refine(({ jwks_uri, jwks_json }) => (jwks_uri === undefined) !== (jwks_json === undefined), {
    path: ["jwks_uri"],
    message: "or jwks_json must be there, and not both",
  });

/** Cookies carry a session only with all that keeps other sites from it: each can be written down, none turned off. */
const cookies = z
  .strictObject({
    same_site: z.enum(["strict", "lax", "none"], 'must be "strict", "lax" or "none"').default("strict"),
    partitioned: z.boolean().default(false),
    secure: z.literal(true, "must be true: a session's cookie never travels in plain text").default(true),
    http_only: z.literal(true, "must be true: no script may read a session's cookie").default(true),
    csrf_header: z
      .literal(true, "must be true: without it, other sites could act for the user")
      .default(true),
    name_prefix: z
      .literal("__Host-", 'must be "__Host-": other hosts of the domain could set the cookie')
      .default("__Host-"),
  })
  .superRefine(({ same_site, partitioned }, context) => {
    const issue = (message: string) => context.addIssue({ code: "custom", path: ["partitioned"], message });
    if (same_site === "none" && !partitioned)
      issue("must be true with same_site none: else every site would share the session");
    if (same_site !== "none" && partitioned) issue("is only for same_site none");
  });

/** How users sign in at the relay. Without a section they do not. */
export function sessionSection(env: Environment) {
  return z
    .strictObject({
      issuer,
      audience: text.default("countersign"),
      signing_keys: z.array(signingKey(env)).min(1),
      access_token_s: seconds(30, MAX_APP_TOKEN_S).default(300),
      idle_s: seconds(300, 90 * DAY_S).default(7 * DAY_S),
      lifetime_s: seconds(300, 366 * DAY_S).default(30 * DAY_S),
      fresh_s: seconds(60, DAY_S).default(600),
      peers: z.array(peer).default([]),
      client_secrets: z.record(name, secretField(env)).default({}),
      cookies: cookies.optional(),
      contract_verification: z
        .strictObject({
          contract: z.string().refine(isValidAccountId, "must be a NEAR account id"),
          method: z.string().min(1).max(256),
        })
        .optional(),
    })
    .superRefine((session, context) => {
      for (const [path, message] of problemsOf(session)) {
        context.addIssue({ code: "custom", path: [...path], message });
      }
    });
}

interface Checked {
  readonly issuer: string;
  readonly signing_keys: readonly {
    readonly id: string;
    readonly seed: { reveal(): string };
    readonly not_after?: string | undefined;
  }[];
  readonly idle_s: number;
  readonly lifetime_s: number;
  readonly peers: readonly { readonly issuer: string; readonly jwks_json?: string | undefined }[];
}

function* problemsOf(session: Checked): Generator<[readonly (string | number)[], string]> {
  const { issuer, signing_keys: keys, peers, idle_s, lifetime_s } = session;
  if (idle_s > lifetime_s) yield [["idle_s"], "must be at most lifetime_s"];
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    yield [["signing_keys"], "must have ids of their own"];
  if (new Set(keys.map(({ seed }) => seed.reveal())).size < keys.length) {
    yield [["signing_keys"], "must have seeds of their own"];
  }
  if (keys.every(({ not_after }) => not_after !== undefined && Date.parse(not_after) <= Date.now())) {
    yield [["signing_keys"], "are all past their not_after"];
  }
  const issuers = [issuer, ...peers.map((one) => one.issuer)];
  if (new Set(issuers).size < issuers.length) yield [["peers"], "must have issuers of their own"];
  for (const [i, { jwks_json }] of peers.entries()) {
    const problem = jwks_json === undefined ? undefined : keySetProblem(jwks_json);
    if (problem !== undefined) yield [["peers", i, "jwks_json"], problem];
  }
}
