import type { Warning } from "../guest-api.ts";
import { quotedText } from "./plain-text.ts";
import { warning } from "./warnings.ts";

/** A message to somebody else signs the user in there, for whoever has the signature. */
export function recipientWarnings(recipient: string, origin: string): Warning[] {
  const { host, hostname } = new URL(origin);
  if ([origin, host, hostname].includes(recipient)) return [];
  const text = `The signature is for ${quotedText(recipient)}, and not for ${host}, which asks for it.`;
  return [warning("danger", "OTHER_RECIPIENT", text)];
}

/** "example.com wants you to sign in with your Ethereum account:", with a scheme or without (EIP-4361). */
const SIGN_IN = /^(?:[a-z][a-z\d+.-]*:\/\/)?(\S+) wants you to sign in with your Ethereum account:\n/i;

/** EIP-4361 has wallets compare the domain with the origin of whoever asks. */
export function signInWarnings(message: string, origin: string): Warning[] {
  const [, domain] = SIGN_IN.exec(message) ?? [];
  const { host } = new URL(origin);
  if (domain === undefined || domain.toLowerCase() === host) return [];
  const text = `The signature signs you in at ${quotedText(domain)}, and ${host} asks for it.`;
  return [warning("danger", "OTHER_RECIPIENT", text)];
}
