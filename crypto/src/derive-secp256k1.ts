// The shares of a key of threshold-secp256k1-ecdsa-2p-v1, made from what each side holds.
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { Fn, readPoint, reduceWide } from "./keys-secp256k1.ts";
import {
  accountAndRp,
  deriveClientShare,
  deriveRelayerShare,
  type ScalarDerivation,
} from "./share-derivation.ts";

const CLIENT_SHARE_SALT = utf8ToBytes("countersign/threshold-secp256k1/client-share/v1");
const RELAYER_SHARE_INFO = utf8ToBytes("countersign/threshold-secp256k1/relayer-share/v1");

/** 48 bytes, big-endian, modulo n. */
const secp256k1Scalars: ScalarDerivation = {
  entropy: 48,
  reduce(wide) {
    const scalar = reduceWide(wide);
    return Fn.is0(scalar) ? undefined : Fn.toBytes(scalar);
  },
};

/** The client's share, 32 bytes, from the wallet's seed (32 bytes). Throws BadInput. */
export function clientShare(seed: Uint8Array, accountId: string, rpId: string): Uint8Array {
  return deriveClientShare(secp256k1Scalars, CLIENT_SHARE_SALT, seed, accountAndRp(accountId, rpId));
}

/**
 * The relayer's share, 32 bytes, from a network's master secret (32 bytes). It is bound to the client's verifying share
 * (33 bytes), so that every client share has a key of its own. Throws BadInput.
 */
export function relayerShare(
  masterSecret: Uint8Array,
  clientVerifyingShare: Uint8Array,
  accountId: string,
  rpId: string,
): Uint8Array {
  readPoint(clientVerifyingShare, "the client's verifying share");
  const names = [accountId, rpId] as const;
  return deriveRelayerShare(secp256k1Scalars, RELAYER_SHARE_INFO, masterSecret, clientVerifyingShare, names);
}
