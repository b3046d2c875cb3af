import { base64Decode } from "@bufbuild/protobuf/wire";
import { isSignInChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { untrue } from "./wallet-errors.ts";

/**
 * Refuses options whose challenge is not a sign-in's, before a passkey sees it: it might be one of the signer's, and the
 * assertion would be worth a session, a signature or a share to the relay. Throws CHALLENGE_INVALID.
 */
export function assertSignInChallenge(optionsJson: string): void {
  const challenge = challengeOf(optionsJson);
  if (challenge !== undefined && isSignInChallenge(challenge)) return;
  throw untrue("CHALLENGE_INVALID", "the relay's challenge is not one for a sign-in: no passkey was asked");
}

/** Undefined for options that have none. */
function challengeOf(optionsJson: string): Uint8Array | undefined {
  try {
    const { challenge }: { challenge: unknown } = JSON.parse(optionsJson);
    return typeof challenge === "string" ? base64Decode(challenge) : undefined;
  } catch {
    return undefined;
  }
}
