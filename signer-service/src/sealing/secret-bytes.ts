/** Bytes of a master secret and of a sealing key. */
export const SECRET_BYTES = 32;

/** 32 bytes in 64 hexadecimal digits or in base64url, as a secret file has them; null for anything else. */
export function secretBytesOf(text: string): Uint8Array | null {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Uint8Array.from(Buffer.from(text, "hex"));
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(text)) return null;
  return Uint8Array.from(Buffer.from(text, "base64url"));
}
