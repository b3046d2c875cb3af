import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { PublicKey } from "@countersign/near";
import { secp256k1 } from "@noble/curves/secp256k1.js";

/** A key inside of a service that a test plays. */
export interface CloudKey {
  readonly type: "ed25519" | "secp256k1" | "p256";
  readonly publicKey: KeyObject;
  /** 64 bytes over the message for Ed25519; DER over the 32-byte digest for secp256k1, randomised, with either s. */
  sign(message: Uint8Array): Buffer;
}

export function ed25519Key(): CloudKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { type: "ed25519", publicKey, sign: (message) => sign(null, message, privateKey) };
}

/** Every second signature has a high s, as any may have in a real HSM. */
export function secp256k1Key(): CloudKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
  const secret = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  let signed = 0;
  return {
    type: "secp256k1",
    publicKey,
    sign(digest) {
      const compact = secp256k1.sign(digest, secret, { prehash: false, lowS: true, extraEntropy: true });
      const low = secp256k1.Signature.fromBytes(compact, "compact");
      signed += 1;
      const high = new secp256k1.Signature(low.r, secp256k1.Point.Fn.neg(low.s));
      return Buffer.from((signed % 2 === 0 ? high : low).toBytes("der"));
    },
  };
}

/** A key that NEAR does not know. */
export function p256Key(): CloudKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { type: "p256", publicKey, sign: (digest) => sign("sha256", digest, privateKey) };
}

export function spkiOf(key: CloudKey): Buffer {
  return key.publicKey.export({ format: "der", type: "spki" });
}

/** What a backend must say that the key's public half is. */
export function nearPublicKeyOf(key: CloudKey): PublicKey {
  const { x = "", y = "" } = key.publicKey.export({ format: "jwk" });
  const data = Uint8Array.from([...Buffer.from(x, "base64url"), ...Buffer.from(y, "base64url")]);
  return { type: key.type === "ed25519" ? "ed25519" : "secp256k1", data };
}
