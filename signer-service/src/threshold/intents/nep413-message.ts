import { nep413Hash } from "@countersign/near";
import { ED25519_SCHEME } from "../schemes/scheme-ids.ts";
import type { NearIntent } from "./intent.ts";

/** A message that a user signs to log in (NEP-413). */
export interface Nep413Message {
  readonly message: string;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
  readonly recipient: string;
  /** Absent, or where the wallet sends the user afterwards. */
  readonly callbackUrl?: string | undefined;
}

/** A NEP-413 message. Its bytes name no account and no key: whoever verifies it knows which. */
export function nep413Message(message: Nep413Message): NearIntent {
  return { schemeId: ED25519_SCHEME, purpose: "NEP413_MESSAGE", digests: [nep413Hash(message)], signers: [] };
}
