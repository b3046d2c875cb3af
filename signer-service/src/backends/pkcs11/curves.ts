import type { KeyType, PublicKey } from "@countersign/near";
import { secp256k1 } from "@noble/curves/secp256k1.js";

/** How the two curves look in PKCS#11. */
interface Curve {
  /** CKA_EC_PARAMS that name it, in hex; the first is the one that keys are made with. */
  readonly parameters: readonly string[];
  /** CKM_… numbers. */
  readonly generating: number;
  readonly signing: number;
  /** CKK_… number. */
  readonly keyType: number;
}

// Those that version 3.0 brought are not in pkcs11js: CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CKK_EC_EDWARDS.
export const CURVES: Readonly<Record<KeyType, Curve>> = {
  ed25519: {
    parameters: [
      // OBJECT IDENTIFIER 1.3.101.112 (RFC 8410), as PKCS#11 3.0 asks for.
      "06032b6570",
      // PrintableString "edwards25519", its other form (section 2.3.5).
      "130c656477617264733235353139",
      // 1.3.6.1.4.1.11591.15.1, of tokens older than RFC 8410.
      "06092b06010401da470f01",
    ],
    generating: 0x1055,
    signing: 0x1057,
    keyType: 0x40,
  },
  secp256k1: {
    // OBJECT IDENTIFIER 1.3.132.0.10 (SEC 2).
    parameters: ["06052b8104000a"],
    generating: 0x1040,
    signing: 0x1041,
    keyType: 0x03,
  },
};

/** The curve of a key's CKA_EC_PARAMS; undefined for others than NEAR's two. */
export function curveOfParameters(parameters: Uint8Array): KeyType | undefined {
  const hex = Buffer.from(parameters).toString("hex");
  return (["ed25519", "secp256k1"] as const).find((type) => CURVES[type].parameters.includes(hex));
}

/**
 * The public key of a CKA_EC_POINT: the bare point, or as an OCTET STRING in DER (both occur for both curves).
 * Undefined if it is no point of the curve; NEAR's form of secp256k1 has no leading 04.
 */
export function publicKeyOfPoint(type: KeyType, value: Uint8Array): PublicKey | undefined {
  const size = type === "ed25519" ? 32 : 65;
  const isWrapped = value.length === size + 2 && value[0] === 0x04 && value[1] === size;
  const point = isWrapped ? value.subarray(2) : value;
  if (point.length !== size) return undefined;
  if (type === "ed25519") return { type, data: Uint8Array.from(point) };
  if (!secp256k1.utils.isValidPublicKey(point, false)) return undefined;
  return { type, data: Uint8Array.from(point.subarray(1)) };
}
