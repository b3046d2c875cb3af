import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { endpointField } from "../endpoint-field.ts";

/** A backend of type aws-kms: one region of one account's AWS Key Management Service. */
export const awsKmsSchema = (env: Environment) =>
  z.strictObject({
    type: z.literal("aws-kms"),
    name: z.string().min(1).max(64),
    /** Asked for, so that nothing has to be looked up in the machine's metadata service. */
    region: z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be a region like "eu-central-1"'),
    /** Of a VPC endpoint; without it the region's public one. */
    endpoint: endpointField.optional(),
    /** A fixed access key. Without it the SDK's default chain: environment, files, then the machine's role. */
    credentials: z
      .strictObject({ access_key_id: secretField(env), secret_access_key: secretField(env) })
      .optional(),
    /** Longest that one signature may take, the SDK's repeats included. */
    timeout_ms: z.int().min(1).max(60_000).default(5_000),
  });

export type AwsKmsConfig = z.output<ReturnType<typeof awsKmsSchema>>;
