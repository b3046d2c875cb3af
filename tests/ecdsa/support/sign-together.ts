import { createPublicKey, verify } from "node:crypto";
import { rerandomise } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import {
  combineSignature,
  decodeSignMessage,
  type EcdsaSignature,
  encodeSignMessage,
  signatureShare,
} from "@countersign/crypto/ot-ecdsa/sign.ts";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, recoverPublicKey } from "viem";
import { type Both, otherSide, type Presigned, type Side, type TwoParties } from "./two-parties.ts";

/** What is signed, and who finishes the signature. */
export interface Signing {
  readonly coordinator: Side;
  /** Of the message: SHA-256. */
  readonly digest: Uint8Array;
  readonly entropy: Uint8Array;
  readonly tweak: Uint8Array | undefined;
}

/** DER of a public key on secp256k1, up to the 65 bytes of the point (RFC 5480). */
const SPKI_PREFIX = Buffer.from("3056301006072a8648ce3d020106052b8104000a034200", "hex");

/** The signature, by a message from the other side to the coordinator. */
export function signTogether(
  tools: Both<RunTools>,
  parties: TwoParties,
  presigned: Presigned,
  { coordinator, tweak, ...rest }: Signing,
): EcdsaSignature {
  const { publicKey } = parties;
  const bound = { publicKey, ...rest, ...(tweak === undefined ? {} : { tweak }) };
  const shareOf = (side: Side) => {
    const values = rerandomise(tools[side], { ...bound, presignature: presigned[side] });
    return { bigR: values.bigR, share: signatureShare(parties[side].participant, values, rest.digest) };
  };
  const { bigR, share } = shareOf(coordinator);
  const peers = decodeSignMessage(encodeSignMessage(shareOf(otherSide(coordinator)).share));
  return combineSignature(tools[coordinator], { ...bound, bigR, shares: [share, peers] });
}

/** What noble, OpenSSL and viem's recovery have to say against a signature of the tweaked key over SHA-256 of a message. */
export async function faultsOf(
  { r, s, recovery }: EcdsaSignature,
  message: Uint8Array,
  { digest, tweak }: Signing,
  publicKey: Uint8Array,
): Promise<string[]> {
  const master = secp256k1.Point.fromBytes(publicKey);
  const shift = tweak === undefined ? undefined : secp256k1.Point.fromBytes(secp256k1.getPublicKey(tweak));
  const key = (shift === undefined ? master : master.add(shift)).toBytes(false);
  const compact = Buffer.concat([r, s]);
  const spki = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: "der", type: "spki" });
  const recovered = await recoverPublicKey({
    hash: bytesToHex(digest),
    signature: { r: bytesToHex(r), s: bytesToHex(s), yParity: recovery },
  });
  const verdicts = {
    noble: secp256k1.verify(compact, digest, key, { prehash: false, lowS: true }),
    OpenSSL: verify("sha256", message, { key: spki, dsaEncoding: "ieee-p1363" }, compact),
    "viem's recovery": recovered === bytesToHex(key),
  };
  return Object.entries(verdicts).flatMap(([name, holds]) =>
    holds ? [] : [`${name} refuses the signature`],
  );
}
