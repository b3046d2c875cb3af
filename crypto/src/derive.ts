// The shares of a key, made from what each side holds: nothing but the passkey's secret and the master secret is kept.
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { Fn, FrostError, readPoint, reduceWide } from "./encodings.ts";
import { u32le } from "./length-prefixed.ts";

/** The input of WebAuthn's PRF extension, `eval.first`: 32 bytes. */
export const PRF_INPUT: Uint8Array = sha256(utf8ToBytes("countersign/prf/v1"));

const SECRET_SIZE = 32;
const SCALAR_ENTROPY = 64;
const NUL = Uint8Array.of(0);
const WRAP_KEY_SEED_SALT = utf8ToBytes("countersign/wrap-key-seed/v1");
// These two name another product: they are kept so that the keys of wallets that used it stay the same.
const CLIENT_SHARE_SALT = utf8ToBytes("tatchi-threshold-ed25519-client-share:v1");
const RELAYER_SHARE_INFO = utf8ToBytes("w3a/threshold/relayer_share_v1");

/** The wallet's seed, 32 bytes, from what the passkey's PRF gave (`results.first`, 32 bytes). Throws FrostError. */
export function wrapKeySeed(prfFirst: Uint8Array, accountId: string, rpId: string): Uint8Array {
  assertSecret(prfFirst, "the PRF's result");
  const info = concatBytes(text(accountId), NUL, text(rpId.toLowerCase()));
  return hkdf(sha256, prfFirst, WRAP_KEY_SEED_SALT, info, SECRET_SIZE);
}

/** The client's share, 32 bytes, from the wallet's seed (32 bytes). Throws FrostError. */
export function clientShare(seed: Uint8Array, accountId: string): Uint8Array {
  assertSecret(seed, "the seed");
  const share = reduceWide(hkdf(sha256, seed, CLIENT_SHARE_SALT, text(accountId), SCALAR_ENTROPY));
  if (Fn.is0(share)) throw new FrostError("the client's share is zero");
  return Fn.toBytes(share);
}

/**
 * The relayer's share, 32 bytes, from an epoch's master secret (32 bytes). It is bound to the client's verifying share,
 * so that every client share has a key of its own. Throws FrostError.
 */
export function relayerShare(
  masterSecret: Uint8Array,
  clientVerifyingShare: Uint8Array,
  accountId: string,
  rpId: string,
): Uint8Array {
  assertSecret(masterSecret, "the master secret");
  readPoint(clientVerifyingShare, "the client's verifying share");
  const salt = sha256(clientVerifyingShare);
  const names = concatBytes(RELAYER_SHARE_INFO, NUL, text(accountId), NUL, text(rpId.toLowerCase()), NUL);
  return firstScalar((counter) => {
    const info = concatBytes(names, new Uint8Array(8), u32le(counter));
    return hkdf(sha256, masterSecret, salt, info, SCALAR_ENTROPY);
  });
}

/** The first scalar that is not zero, of 64 bytes each; the counter rises from 0. */
export function firstScalar(wide: (counter: number) => Uint8Array): Uint8Array {
  for (let counter = 0; ; counter++) {
    const scalar = reduceWide(wide(counter));
    if (!Fn.is0(scalar)) return Fn.toBytes(scalar);
  }
}

function assertSecret(bytes: Uint8Array, what: string): void {
  if (bytes.length !== SECRET_SIZE) {
    throw new FrostError(`${what} has ${bytes.length} bytes, not ${SECRET_SIZE}`);
  }
}

/** A name between NULs, which therefore holds none. */
function text(name: string): Uint8Array {
  if (name === "" || name.includes("\0")) throw new FrostError("a name is empty or holds a NUL");
  return utf8ToBytes(name);
}
