import { Secret } from "@countersign/service-kit";

const BYTES = 32;
/** As Standard Webhooks writes symmetric secrets. */
const PREFIX = "whsec_";

/** A new secret: its 32 bytes, and the text that its receiver gets. */
export function mintWebhookSecret(randomBytes: (length: number) => Uint8Array): {
  readonly bytes: Secret<Uint8Array>;
  readonly text: Secret<string>;
} {
  const bytes = randomBytes(BYTES);
  return { bytes: new Secret(bytes), text: new Secret(PREFIX + Buffer.from(bytes).toString("base64")) };
}
