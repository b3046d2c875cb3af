import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { endpointField } from "../endpoint-field.ts";

const segments = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, 'must be like "transit" or "team-a/transit"');

/** A backend of type vault: one transit secrets engine of HashiCorp Vault, or of OpenBao. */
export const vaultSchema = (env: Environment) =>
  z.strictObject({
    type: z.literal("vault"),
    name: z.string().min(1).max(64),
    endpoint: endpointField,
    /** A token. One in a file may change there, as Vault Agent does it: it is read again when it is refused. */
    token: secretField(env),
    /** Path where the transit secrets engine is mounted. */
    mount: segments.default("transit"),
    /** Namespace of Vault Enterprise. */
    namespace: segments.optional(),
    /** PEM of the authorities that the server's certificate may come from, instead of the public ones. */
    ca_file: z.string().min(1).max(4096).optional(),
    /** Longest that one signature may take. */
    timeout_ms: z.int().min(1).max(60_000).default(5_000),
  });

export type VaultConfig = z.output<ReturnType<typeof vaultSchema>>;
