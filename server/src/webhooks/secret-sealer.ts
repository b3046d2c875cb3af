import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Secret } from "@countersign/service-kit";
import { sealingKeyBytes } from "./sealing-key.ts";

const CIPHER = "aes-256-gcm";
/** What a sealed secret begins with. */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Keeps these seals apart from any others under the same key. */
const DOMAIN = "countersign/webhook-secret/v1";

/**
 * Seals webhooks' secrets with AES-256-GCM under keys that never stand in the ledger, each for its webhook alone. Sealed:
 * a byte of version, 12 of nonce, the secret, 16 of tag.
 */
export class SecretSealer {
  readonly #keys: readonly Secret<Buffer>[];

  /** The first key seals, all of them open, so that a key can be replaced. At least one, as in the configuration. */
  constructor(keys: readonly Secret<string>[]) {
    this.#keys = keys.map((key) => new Secret(sealingKeyBytes(key)));
  }

  seal(webhookId: string, secret: Secret<Uint8Array>): Uint8Array {
    const [key] = this.#keys;
    if (key === undefined) throw new Error("there is no key to seal with");
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key.reveal(), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(`${DOMAIN}\0${webhookId}`));
    const sealed = Buffer.concat([cipher.update(secret.reveal()), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), nonce, sealed, cipher.getAuthTag()]);
  }

  /** Undefined for what none of the keys has sealed, or has sealed for another webhook. */
  open(webhookId: string, sealed: Uint8Array): Secret<Uint8Array> | undefined {
    for (const key of this.#keys) {
      const opened = openWith(key, webhookId, sealed);
      if (opened !== undefined) return opened;
    }
    return undefined;
  }

  /** Whether the key that seals now has sealed it. */
  isCurrent(webhookId: string, sealed: Uint8Array): boolean {
    const [key] = this.#keys;
    return key !== undefined && openWith(key, webhookId, sealed) !== undefined;
  }
}

function openWith(
  key: Secret<Buffer>,
  webhookId: string,
  sealed: Uint8Array,
): Secret<Uint8Array> | undefined {
  if (sealed[0] !== VERSION || sealed.length <= 1 + NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key.reveal(), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(`${DOMAIN}\0${webhookId}`));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const opened = decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES));
  try {
    return new Secret(Uint8Array.from(Buffer.concat([opened, decipher.final()])));
  } catch {
    return undefined;
  }
}
