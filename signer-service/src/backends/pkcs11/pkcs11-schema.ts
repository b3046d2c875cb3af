import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";

/** A backend of type pkcs11: one token of an HSM. */
export const pkcs11Schema = (env: Environment) =>
  z.strictObject({
    type: z.literal("pkcs11"),
    name: z.string().min(1).max(64),
    /** Path of the maker's PKCS#11 library. */
    module: z.string().max(4096).startsWith("/", "must be an absolute path"),
    /** CK_TOKEN_INFO has 32 bytes for it. */
    token_label: z
      .string()
      .min(1)
      .refine((label) => Buffer.byteLength(label) <= 32, "must have at most 32 bytes"),
    /** The PIN of the token's user, never that of its security officer. */
    pin: secretField(env),
    /** Signatures that the token makes at the same time; each session has a thread of its own. */
    sessions: z.int().min(1).max(64).default(4),
    /** The curve of keys that GenerateKey makes here. */
    generate: z.enum(["ed25519", "secp256k1"]).default("ed25519"),
    /** A token that gives no answer for this long is taken for lost. Starting a session's thread takes a part of it. */
    timeout_ms: z.int().min(1_000).max(60_000).default(5_000),
  });

export type Pkcs11Config = z.output<ReturnType<typeof pkcs11Schema>>;
