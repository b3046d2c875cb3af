import { type Environment, secretField } from "@countersign/service-kit";
import { secretBytesOf } from "./secret-bytes.ts";

/** A reference to 32 bytes. */
export const secretBytesField = (env: Environment) =>
  secretField(env).refine(
    (secret) => secretBytesOf(secret.reveal()) !== null,
    "must be 32 bytes, as 64 hexadecimal digits or in base64url",
  );
