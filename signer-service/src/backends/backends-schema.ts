import type { Environment } from "@countersign/service-kit";
import { z } from "zod";
import { awsKmsSchema } from "./aws-kms/aws-kms-schema.ts";
import { gcpKmsSchema } from "./gcp-kms/gcp-kms-schema.ts";
import { keystoreSchema } from "./keystore/keystore-schema.ts";
import { pkcs11Schema } from "./pkcs11/pkcs11-schema.ts";
import { vaultSchema } from "./vault/vault-schema.ts";

const MAX_BACKENDS = 32;

/** The section `backends` of the configuration: the places that hold keys, each with a name of its own. */
export const backendsSchema = (env: Environment) =>
  z
    .array(
      z.discriminatedUnion("type", [
        keystoreSchema(env),
        pkcs11Schema(env),
        awsKmsSchema(env),
        gcpKmsSchema(env),
        vaultSchema(env),
      ]),
    )
    .max(MAX_BACKENDS)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "must have a name each")
    .default([]);

export type BackendConfig = z.output<ReturnType<typeof backendsSchema>>[number];
