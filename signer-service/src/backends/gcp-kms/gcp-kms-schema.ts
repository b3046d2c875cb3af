import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { endpointField } from "../endpoint-field.ts";

/** A backend of type gcp-kms: Google Cloud Key Management Service with one identity. */
export const gcpKmsSchema = (env: Environment) =>
  z.strictObject({
    type: z.literal("gcp-kms"),
    name: z.string().min(1).max(64),
    /** Of a private endpoint; without it https://cloudkms.googleapis.com. */
    endpoint: endpointField.optional(),
    /** A service account's key, as JSON. Without it Application Default Credentials. */
    credentials: secretField(env).optional(),
    /** Longest that one signature may take, repeats included. */
    timeout_ms: z.int().min(1).max(60_000).default(5_000),
  });

export type GcpKmsConfig = z.output<ReturnType<typeof gcpKmsSchema>>;
