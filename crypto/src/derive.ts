// The shares of a key, made from what each side holds: nothing but the passkey's secret and the master secret is kept.
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { Fn, readPoint, reduceWide } from "./encodings.ts";
import {
  accountAndRp,
  assertSecret,
  deriveClientShare,
  deriveRelayerShare,
  type ScalarDerivation,
  text,
} from "./share-derivation.ts";

/** The input of WebAuthn's PRF extension, `eval.first`: 32 bytes. */
export const PRF_INPUT: Uint8Array = sha256(utf8ToBytes("countersign/prf/v1"));

const SEED_SIZE = 32;
const WRAP_KEY_SEED_SALT = utf8ToBytes("countersign/wrap-key-seed/v1");
// These two name another product: they are kept so that the keys of wallets that used it stay the same.
const CLIENT_SHARE_SALT = utf8ToBytes("tatchi-threshold-ed25519-client-share:v1");
const RELAYER_SHARE_INFO = utf8ToBytes("w3a/threshold/relayer_share_v1");

/** 64 bytes, little-endian, modulo ℓ. */
export const ed25519Scalars: ScalarDerivation = {
  entropy: 64,
  reduce(wide) {
    const scalar = reduceWide(wide);
    return Fn.is0(scalar) ? undefined : Fn.toBytes(scalar);
  },
};

/** The wallet's seed, 32 bytes, from what the passkey's PRF gave (`results.first`, 32 bytes). Throws BadInput. */
export function wrapKeySeed(prfFirst: Uint8Array, accountId: string, rpId: string): Uint8Array {
  assertSecret(prfFirst, "the PRF's result");
  return hkdf(sha256, prfFirst, WRAP_KEY_SEED_SALT, accountAndRp(accountId, rpId), SEED_SIZE);
}

/** The client's share, 32 bytes, from the wallet's seed (32 bytes). Throws BadInput. */
export function clientShare(seed: Uint8Array, accountId: string): Uint8Array {
  return deriveClientShare(ed25519Scalars, CLIENT_SHARE_SALT, seed, text(accountId));
}

/**
 * The relayer's share, 32 bytes, from an epoch's master secret (32 bytes). It is bound to the client's verifying share,
 * so that every client share has a key of its own. Throws BadInput, FrostError for a bad point.
 */
export function relayerShare(
  masterSecret: Uint8Array,
  clientVerifyingShare: Uint8Array,
  accountId: string,
  rpId: string,
): Uint8Array {
  readPoint(clientVerifyingShare, "the client's verifying share");
  const names = [accountId, rpId] as const;
  return deriveRelayerShare(ed25519Scalars, RELAYER_SHARE_INFO, masterSecret, clientVerifyingShare, names);
}
