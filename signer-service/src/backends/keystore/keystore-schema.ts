import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";

/** A backend of type keystore: one file of sealed keys (docs/keystore.md). */
export const keystoreSchema = (env: Environment) =>
  z.strictObject({
    type: z.literal("keystore"),
    name: z.string().min(1).max(64),
    file: z.string().min(1).max(4096),
    /** Of at least one character; it opens every key of the file. */
    passphrase: secretField(env),
  });

export type KeystoreConfig = z.output<ReturnType<typeof keystoreSchema>>;
