import type { Secret } from "@countersign/service-kit";

/** The 32 bytes of a key: 64 hexadecimal digits, or base64 with its padding. Throws TypeError, which repeats nothing of it. */
export function sealingKeyBytes(key: Secret<string>): Buffer {
  const text = key.reveal();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, "base64");
  throw new TypeError("a sealing key is 32 bytes, in hex or base64");
}

/** Whether a key can be made of it. */
export function isSealingKey(key: Secret<string>): boolean {
  try {
    sealingKeyBytes(key);
    return true;
  } catch {
    return false;
  }
}
