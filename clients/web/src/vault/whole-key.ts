// The private key of both shares, for its export. It has to be the public key's: a relayer might send anything.
import * as ed25519 from "@countersign/crypto/encodings.ts";
import * as secp256k1 from "@countersign/crypto/keys-secp256k1.ts";
import { sameBytes } from "./same-bytes.ts";
import { malformed, VaultError } from "./vault-error.ts";

/**
 * The scalar 2·c − r of the group's key, 32 bytes, little-endian. It is no seed of RFC 8032, and cannot be one. Throws
 * MALFORMED, KEY_MISMATCH.
 */
export function wholeEd25519Key(
  clientShare: Uint8Array,
  relayerShare: Uint8Array,
  groupKey: Uint8Array,
): Uint8Array {
  const { Fn, Point, readSecret } = ed25519;
  return checked(() => {
    const client = readSecret(clientShare, "the client's share");
    const scalar = Fn.sub(Fn.add(client, client), readSecret(relayerShare, "the relayer's share"));
    return { isKeys: sameBytes(Point.BASE.multiply(scalar).toBytes(), groupKey), key: Fn.toBytes(scalar) };
  });
}

/** The sum c + r, 32 bytes, big-endian: a private key as EVM wallets import it. Throws MALFORMED, KEY_MISMATCH. */
export function wholeEcdsaKey(
  clientShare: Uint8Array,
  relayerShare: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const { Fn, Point, readSecret } = secp256k1;
  return checked(() => {
    const client = readSecret(clientShare, "the client's share");
    const scalar = Fn.add(client, readSecret(relayerShare, "the relayer's share"));
    return { isKeys: sameBytes(Point.BASE.multiply(scalar).toBytes(), publicKey), key: Fn.toBytes(scalar) };
  });
}

function checked(make: () => { readonly isKeys: boolean; readonly key: Uint8Array }): Uint8Array {
  let made: ReturnType<typeof make>;
  try {
    made = make();
  } catch (error) {
    throw malformed(error);
  }
  if (made.isKeys) return made.key;
  made.key.fill(0);
  throw new VaultError("KEY_MISMATCH", "the exported share does not make the key");
}
