import { Secret } from "@countersign/service-kit";
import { readCredentials } from "./credentials.ts";

/**
 * The token that a call came with, as a signer that verifies it again gets it: without "Bearer", at most 8,192
 * characters. Null for API keys, which nobody but the relay can verify, and for what a custom authenticator let in.
 */
export function passedCredential(headers: Headers): Secret<string> | null {
  try {
    const credentials = readCredentials(headers);
    return credentials?.kind === "token" ? new Secret(credentials.token) : null;
  } catch {
    return null;
  }
}
