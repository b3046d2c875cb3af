import { decodeProtectedHeader } from "jose";

/** Header typ of the relay's own access tokens (RFC 8725, section 3.11), which no other kind of token has. */
export const APP_TOKEN_TYPE = "cs-app+jwt";

/** Whether a text says of itself that it is an app token. Nothing proves it yet. */
export function saysAppToken(text: string): boolean {
  try {
    const { typ } = decodeProtectedHeader(text);
    // Media types may be written with or without "application/", in any case (RFC 7515, section 4.1.9).
    return typ?.toLowerCase().replace(/^application\//, "") === APP_TOKEN_TYPE;
  } catch {
    return false;
  }
}
