import { createCipheriv, createHash } from "node:crypto";

/** A cryptographic generator, the same bytes for the same seed (AES-256-CTR under the seed's hash). */
export function seededBytes(seed: number): (size: number) => Uint8Array {
  const key = createHash("sha256").update(`seed ${seed}`).digest();
  const stream = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  return (size) => new Uint8Array(stream.update(new Uint8Array(size)));
}
