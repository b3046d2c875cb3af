/** Bytes of every hash in a chain. */
export const HASH_BYTES = 32;

/** What stands for the entry before the first one: 32 zero bytes. */
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}
