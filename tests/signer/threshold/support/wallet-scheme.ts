import * as ed25519Derivation from "@countersign/crypto/derive.ts";
import * as secp256k1Derivation from "@countersign/crypto/derive-secp256k1.ts";
import * as ed25519 from "@countersign/crypto/frost-ed25519.ts";
import * as secp256k1 from "@countersign/crypto/keys-secp256k1.ts";
import { type PossessionContext, proveEd25519, verifyEd25519 } from "@countersign/crypto/possession.ts";
import { proveSecp256k1, verifySecp256k1 } from "@countersign/crypto/possession-secp256k1.ts";

type Random = (bytes: number) => Uint8Array;

/** What a wallet needs of a scheme to make a key. */
export interface WalletScheme {
  readonly id: string;
  newShare(seed: Uint8Array, accountId: string, rpId: string): Uint8Array;
  verifyingShare(share: Uint8Array): Uint8Array;
  prove(share: Uint8Array, context: PossessionContext, random: Random): Uint8Array;
  verify(proof: Uint8Array, context: PossessionContext): boolean;
  /** The id of the key that both verifying shares make. */
  keyId(network: string, client: Uint8Array, relayer: Uint8Array): string;
}

export const ED25519_WALLET: WalletScheme = {
  id: ed25519.SCHEME_ID,
  newShare: (seed, accountId) => ed25519Derivation.clientShare(seed, accountId),
  verifyingShare: ed25519.verifyingShare,
  prove: proveEd25519,
  verify: verifyEd25519,
  keyId: (_, client, relayer) => ed25519.keyId(ed25519.groupKey(client, relayer)),
};

export const ECDSA_WALLET: WalletScheme = {
  id: secp256k1.SCHEME_ID,
  newShare: secp256k1Derivation.clientShare,
  verifyingShare: secp256k1.verifyingShare,
  prove: proveSecp256k1,
  verify: verifySecp256k1,
  keyId: (network, client, relayer) => secp256k1.keyId(network, secp256k1.groupKey(client, relayer)),
};
