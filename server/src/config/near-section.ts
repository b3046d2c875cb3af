import { type Environment, secretField } from "@countersign/service-kit";
import { z } from "zod";

const endpointUrl = z
  .string()
  .refine((s) => /^https?:$/.test(URL.parse(s)?.protocol ?? ""), "must be an http:// or https:// URL")
  .refine(
    (s) => `${URL.parse(s)?.username ?? ""}${URL.parse(s)?.password ?? ""}` === "",
    "must not carry credentials: put them into headers",
  );

/** What belongs to the connection, and not to whoever configures it. */
const OF_THE_CONNECTION = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/)
  .refine((name) => !OF_THE_CONNECTION.has(name.toLowerCase()), "is the connection's own header");

/** Checked here, because the errors of HTTP clients repeat a value that they refuse. */
const headerValue = (env: Environment) =>
  secretField(env).refine(
    (secret) => /^[\x20-\x7e]+$/.test(secret.reveal()),
    "must be one line of printable ASCII",
  );

/** Where NEAR is asked, and how. */
export const nearFields = (env: Environment) => ({
  endpoints: z
    .array(
      z.strictObject({
        url: endpointUrl,
        headers: z.record(headerName, headerValue(env)).default({}),
      }),
    )
    .min(1),
  timeout_ms: z.int().min(1).max(3_600_000).default(10_000),
  retries: z.int().min(0).max(20).default(3),
  hedge_reads: z.boolean().default(true),
});
