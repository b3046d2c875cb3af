import { createHmac, timingSafeEqual } from "node:crypto";
import type { Received } from "./receiver.ts";

/** Whether one of its signatures is made with the secret, as docs/webhooks.md tells receivers to look. */
export function isSignedWith(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = createHmac("sha256", key).update(signed).digest();
  return String(headers["webhook-signature"])
    .split(" ")
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice(3), "base64"))
    .some((mac) => mac.length === expected.length && timingSafeEqual(mac, expected));
}
