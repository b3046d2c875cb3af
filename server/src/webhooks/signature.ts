import { createHmac } from "node:crypto";
import type { Secret } from "@countersign/service-kit";

/**
 * The headers that prove who sends a body, and when: Standard Webhooks 1.0.0, with symmetric signatures. Under each secret
 * HMAC-SHA256 of "ID.TIMESTAMP.BODY", in base64 after "v1,", with spaces between them.
 */
export function signatureHeaders(
  { id, at, body }: { readonly id: string; readonly at: Date; readonly body: string },
  secrets: readonly Secret<Uint8Array>[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const mac = createHmac("sha256", secret.reveal()).update(`${id}.${timestamp}.${body}`).digest("base64");
    return `v1,${mac}`;
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}
