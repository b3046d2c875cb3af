import { createHash, timingSafeEqual } from "node:crypto";

/** Whether two texts are the same, in a time that does not depend on how much of them is. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

/** SHA-256 in base64url, as PKCE's S256 (RFC 7636, section 4.2). */
export function challengeOf(verifier: string): string {
  return sha256(verifier).toString("base64url");
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
