// Challenges that a passkey's assertion signs: each binds what the user agreed to. The signer's have 32 bytes each, as the
// contracts of countersign.threshold.v1 say.
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { lp } from "./length-prefixed.ts";

/** Of FinishKey: this passkey adds this public share, in answer to this challenge. */
export function keyChallenge(challenge: Uint8Array, clientVerifyingShare: Uint8Array): Uint8Array {
  return digest("countersign/key/v1", challenge, clientVerifyingShare);
}

/** Of MintSession. `policy` are the bytes of the SessionPolicy as they are sent. */
export function sessionChallenge(of: {
  readonly nonce: Uint8Array;
  readonly policy: Uint8Array;
  readonly keyId: string;
  readonly tenant: string;
}): Uint8Array {
  return digest(
    "countersign/threshold-session/v1",
    of.nonce,
    of.policy,
    utf8ToBytes(of.keyId),
    utf8ToBytes(of.tenant),
  );
}

/** Of Authorize without a session. Digests have 32 bytes each; a RangeError otherwise. */
export function authorizeChallenge(of: {
  readonly nonce: Uint8Array;
  readonly digests: readonly Uint8Array[];
  readonly keyId: string;
  readonly tenant: string;
}): Uint8Array {
  // They stand one after another without lengths, so each has to have its own.
  if (of.digests.some((d) => d.length !== 32)) throw new RangeError("a digest has 32 bytes");
  return digest(
    "countersign/authorize/v1",
    of.nonce,
    concatBytes(...of.digests),
    utf8ToBytes(of.keyId),
    utf8ToBytes(of.tenant),
  );
}

/** Of ExportShare; it is also the info that HPKE binds the sealed share to. */
export function exportChallenge(of: {
  readonly tenant: string;
  readonly keyId: string;
  readonly recipientPublicKey: Uint8Array;
  readonly nonce: Uint8Array;
}): Uint8Array {
  return digest(
    "countersign/export/v1",
    utf8ToBytes(of.tenant),
    utf8ToBytes(of.keyId),
    of.recipientPublicKey,
    of.nonce,
  );
}

/** What the challenge of a sign-in begins with; 32 random bytes of the relay's follow. */
const SIGN_IN_PREFIX = utf8ToBytes("countersign/passkey-sign-in/v1");
const SIGN_IN_SIZE = SIGN_IN_PREFIX.length + 32;

/**
 * Whether a challenge can be a sign-in's. To be asked before a passkey sees one that the relay chose: a relay that was
 * taken over would choose one of those above, and with the assertion have a share exported to itself.
 */
export function isSignInChallenge(challenge: Uint8Array): boolean {
  return challenge.length === SIGN_IN_SIZE && SIGN_IN_PREFIX.every((byte, i) => challenge[i] === byte);
}

function digest(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(domain), lp(...parts)));
}
