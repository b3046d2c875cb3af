/** What a signature of an Ed25519 key is for: the text stands, with a zero byte, before what is signed. */
export type SigningDomain = "countersign signing grants v1" | "countersign admin grant v1";

/** The bytes that are signed for a domain, so that a signature for one is none for the other. */
export function inDomain(domain: SigningDomain, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${domain}\0`, "ascii"), bytes]);
}
