import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";

/** What an operator may do; each role may do what the ones before it may. */
export const ADMIN_ROLES = ["viewer", "operator", "admin"] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

const path = z.string().min(1);
/** Stands in audit logs as the author. */
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, "must be 1 to 64 letters, digits and . _ @ -");
const role = z.enum(ADMIN_ROLES);

/** It travels in a header, after "Bearer ". */
const adminSecret = (env: Environment) =>
  secretField(env).refine(
    (secret) => /^[\x21-\x7e]{1,4096}$/.test(secret.reveal()),
    "must be at most 4096 characters of printable ASCII, without spaces",
  );

/** The operators' RPCs. Without a section there is no admin port. */
export function adminSection(env: Environment) {
  return z
    .strictObject({
      listen: z
        .strictObject({
          host: z.string().min(1).optional(),
          port: z.int().min(0).max(65_535).optional(),
          unix: path.startsWith("/", "must be an absolute path").max(103).optional(),
        })
        .refine(
          ({ host, port, unix }) =>
            unix === undefined
              ? host !== undefined && port !== undefined
              : host === undefined && port === undefined,
          "must have either host and port, or unix",
        ),
      tls: z.strictObject({ cert_file: path, key_file: path, client_ca_file: path.optional() }).optional(),
      keys: z.array(z.strictObject({ name, role, secret: adminSecret(env) })).default([]),
      clients: z.array(z.strictObject({ name, role })).default([]),
    })
    .superRefine((admin, context) => {
      for (const [path, message] of problemsOf(admin)) {
        context.addIssue({ code: "custom", path: [...path], message });
      }
    });
}

type Admin = z.input<ReturnType<typeof adminSection>>;
interface Checked extends Pick<Admin, "listen" | "tls"> {
  keys: { name: string; secret: { reveal(): string } }[];
  clients: { name: string }[];
}

function* problemsOf({ listen, tls, keys, clients }: Checked): Generator<[readonly string[], string]> {
  if (listen.unix !== undefined && tls !== undefined) yield [["tls"], "is not for a Unix socket"];
  if (keys.length + clients.length === 0) yield [["keys"], "must hold at least one, if there are no clients"];
  if (clients.length > 0 && tls?.client_ca_file === undefined) {
    yield [["clients"], "need tls.client_ca_file: the authority of their certificates"];
  }
  const names = [...keys, ...clients].map((who) => who.name);
  if (new Set(names).size < names.length) yield [["keys"], "and clients must have names of their own"];
  const secrets = keys.map(({ secret }) => secret.reveal());
  if (new Set(secrets).size < secrets.length) yield [["keys"], "must have secrets of their own"];
}
