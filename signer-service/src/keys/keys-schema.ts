import { isValidAccountId } from "@countersign/near";
import { z } from "zod";
import type { KeyState } from "./key-records.ts";

/** A key that the configuration lists, for backends that do not know networks and accounts themselves. */
export interface ConfiguredKey {
  readonly keyId: string;
  /** The backend that holds it, by its name in the configuration, and what finds it there. */
  readonly backend: string;
  readonly reference: string;
  readonly network: string;
  readonly accountId: string;
  /** Where its life begins when the signer sees it for the first time; later the store alone says where it stands. */
  readonly initialState: Extract<KeyState, "PENDING" | "ACTIVE">;
}

const keySchema = z
  .strictObject({
    id: z
      .string()
      .max(128)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, dashes and underscores"),
    backend: z.string().min(1).max(64),
    reference: z.string().min(1).max(512),
    network: z.string().min(1).max(64),
    account_id: z.string().refine(isValidAccountId, "must be an account id"),
    initial_state: z.enum(["active", "pending"]).default("active"),
  })
  .transform(
    ({ id, account_id, initial_state, ...rest }): ConfiguredKey => ({
      ...rest,
      keyId: id,
      accountId: account_id,
      initialState: initial_state === "active" ? "ACTIVE" : "PENDING",
    }),
  );

/** The section `keys` of the configuration: at most 512 keys, each id once. */
export const keysSchema = z
  .array(keySchema)
  .max(512)
  .superRefine((keys, context) => {
    const seen = new Set<string>();
    for (const [i, { keyId }] of keys.entries()) {
      if (seen.has(keyId)) {
        context.addIssue({ code: "custom", path: [i, "id"], message: `key id ${keyId} occurs twice` });
      }
      seen.add(keyId);
    }
  })
  .default([]);
