import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { isSeed } from "../signing-seed.ts";

const path = z.string().min(1);

const url = z
  .string()
  .refine(
    (s) => (s.startsWith("unix:/") ? Buffer.byteLength(s) < 108 : URL.parse(s)?.protocol === "https:"),
    'must be "unix:/path" (at most 102 bytes of path) or "https://host:port": a process of its own',
  );

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 of letters, digits, dots, dashes and underscores");

/** The key of an HMAC: at least as long as its hash (RFC 2104, section 3). */
const requestSecret = (env: Environment) =>
  secretField(env).refine(
    (secret) => Buffer.byteLength(secret.reveal()) >= 32,
    "must have at least 32 bytes",
  );

const grantText = z.string().min(1).max(128);

/** The signer's own name for itself, as its configuration takes it. */
const audience = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, "must be letters, digits, '.', '_' or '-', at most 128");

/** The Ed25519 key of the grants that go with every call, and the name under which the signer knows it. */
const grants = (env: Environment) =>
  z.strictObject({
    key_id: grantText,
    seed: secretField(env).refine(isSeed, "must be 32 bytes, in hex, base64 or base58 after ed25519:"),
  });

const connectionFields = (env: Environment) => ({
  url,
  tls: z.strictObject({ ca_file: path, cert_file: path, key_file: path }).optional(),
  audience: audience.optional(),
  timeout_ms: z.int().min(1).max(3_600_000).default(5000),
  signed_requests: z.strictObject({ service: name, key_id: name, secret: requestSecret(env) }).optional(),
});

/** Where the signer is, and what the relay proves to it. */
export function signerSchema(env: Environment) {
  return z
    .strictObject({
      ...connectionFields(env),
      grants: grants(env).optional(),
      pass_credentials: z.boolean().default(false),
    })
    .superRefine(checkConnection);
}

/** The same for a relay that has no transactions signed, and so nothing to grant. */
export function lockSignerSchema(env: Environment) {
  return z.strictObject(connectionFields(env)).superRefine(checkConnection);
}

interface Connection {
  readonly url: string;
  readonly tls?: unknown;
  readonly audience?: string | undefined;
  readonly signed_requests?: unknown;
  readonly grants?: unknown;
}

function checkConnection(
  { url, tls, audience, signed_requests, grants }: Connection,
  context: z.core.$RefinementCtx,
): void {
  const issue = (field: string, message: string) =>
    context.addIssue({ code: "custom", path: [field], message });
  const isRemote = url.startsWith("https:");
  if (isRemote && tls === undefined) issue("tls", "is needed for an https:// signer");
  if (!isRemote && tls !== undefined) issue("tls", "is only for an https:// signer");
  if (audience === undefined && (signed_requests !== undefined || grants !== undefined)) {
    issue("audience", "is needed with grants or signed_requests: they are for this signer alone");
  }
}
