// HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. WebCrypto does the work and makes
// the ephemeral keys.
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";

/** The one suite that shares are sealed with. */
export const suite: CipherSuite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** What only the recipient can open. */
export interface Sealed {
  /** 32 bytes. */
  readonly encapsulatedKey: Uint8Array;
  /** The plaintext's length and 16 bytes. */
  readonly sealed: Uint8Array;
}

/** Somebody that can open what was sealed to `publicKey` (X25519, 32 bytes). The private key cannot be read out. */
export interface Recipient {
  readonly publicKey: Uint8Array;
  /** The plaintext. Rejects when anything is not as it was sealed, `info` too. */
  open(encapsulatedKey: Uint8Array, info: Uint8Array, sealed: Uint8Array): Promise<Uint8Array>;
}

/** Seals `plaintext` to the recipient's key, bound to `info`. Rejects for a key that is none, or of small order. */
export async function sealTo(
  recipientPublicKey: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
): Promise<Sealed> {
  const key = await suite.kem.deserializePublicKey(recipientPublicKey);
  const { enc, ct } = await suite.seal({ recipientPublicKey: key, info }, plaintext);
  return { encapsulatedKey: new Uint8Array(enc), sealed: new Uint8Array(ct) };
}

/** A recipient with a key pair of its own, for one exchange. */
export async function createRecipient(): Promise<Recipient> {
  const recipientKey = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  if (!("publicKey" in recipientKey)) throw new TypeError("WebCrypto gave no pair of keys");
  const publicKey = new Uint8Array(await suite.kem.serializePublicKey(recipientKey.publicKey));
  return {
    publicKey,
    async open(encapsulatedKey, info, sealed) {
      return new Uint8Array(await suite.open({ recipientKey, enc: encapsulatedKey, info }, sealed));
    },
  };
}
