import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { isSealingKey } from "../webhooks/sealing-key.ts";

const days = z.int().min(1).max(3650);

/** How tenants are told of outcomes. Without sealing keys there are no webhooks. */
export function webhooksSection(env: Environment) {
  return z
    .strictObject({
      sealing_keys: z
        .array(secretField(env).refine(isSealingKey, "must be 32 bytes, in hex or base64"))
        .min(1)
        .max(8)
        .optional(),
      max_attempts: z.int().min(1).max(100).default(12),
      delivered_days: days.default(3),
      dead_days: days.default(30),
      insecure_targets: z.boolean().default(false),
    })
    .prefault({});
}
