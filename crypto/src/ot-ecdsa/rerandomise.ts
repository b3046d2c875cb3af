// Rerandomisation binds a presignature to one message, with entropy that was chosen when the message was fixed. Without it,
// presignatures that are made in advance let an attacker who chooses messages forge (Groth and Shoup, "On the security of
// ECDSA with additive key derivation and presignatures", 2021).
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { sha3_256 } from "@noble/hashes/sha3.js";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { BadInput } from "../bad-input.ts";
import { u32le } from "../length-prefixed.ts";
import type { SigningValues } from "./presignature.ts";
import { invertPublic } from "./public-inverse.ts";
import type { RunTools } from "./run-tools.ts";
import { addScalars, isScalar, isZero, multiplyScalars, SCALAR_SIZE } from "./scalar.ts";
import { wipe } from "./wipe.ts";

/** What a presignature is bound to. All of it is public. */
export interface Rerandomisation {
  readonly presignature: SigningValues;
  /** The key X, 33 bytes, without a tweak. */
  readonly publicKey: Uint8Array;
  /** What is signed, 32 bytes. */
  readonly digest: Uint8Array;
  /** 32 fresh bytes, the same on both sides: `signingEntropy`. */
  readonly entropy: Uint8Array;
  /** The signature is then for X + tweak·G. 32 bytes; zero when left out. */
  readonly tweak?: Uint8Array;
}

const SALT = hexToBytes("328a47c2b8794445255c1647608df5db85c68bb0e7170abec534df2764a45831");
const PARTICIPANTS = concatBytes(u32le(1), u32le(2));
const ENTROPY_DOMAIN = utf8ToBytes("countersign/ecdsa-entropy/v1");
export const NO_TWEAK: Uint8Array = new Uint8Array(SCALAR_SIZE);

/** The entropy of one signature, 32 bytes, of both sides' parts, 32 bytes each. Throws BadInput. */
export function signingEntropy(
  signingSessionId: string,
  clientEntropy: Uint8Array,
  relayerEntropy: Uint8Array,
): Uint8Array {
  assertSize(clientEntropy, "the client's entropy");
  assertSize(relayerEntropy, "the relayer's entropy");
  return sha256(concatBytes(ENTROPY_DOMAIN, utf8ToBytes(signingSessionId), clientEntropy, relayerEntropy));
}

/** The values to sign with; the presignature stays as it is, for the caller to wipe. Throws BadInput. */
export function rerandomise(tools: Pick<RunTools, "points">, request: Rerandomisation): SigningValues {
  const { presignature, tweak = NO_TWEAK } = request;
  const delta = rerandomiser(request);
  const inverse = invertPublic(delta);
  const shift = multiplyScalars(tweak, presignature.k);
  const shifted = addScalars(presignature.sigma, shift);
  const values = {
    bigR: tools.points.multiplyPublic(delta, presignature.bigR),
    k: multiplyScalars(presignature.k, inverse),
    sigma: multiplyScalars(shifted, inverse),
  };
  wipe([shift, shifted]);
  return values;
}

/** δ, 32 bytes: HKDF-SHA3-256 over all that the signature is for. Throws BadInput. */
export function rerandomiser(request: Rerandomisation): Uint8Array {
  const { presignature, publicKey, digest, entropy, tweak = NO_TWEAK } = request;
  assertSize(digest, "the digest");
  assertSize(entropy, "the entropy");
  if (!isScalar(tweak)) throw new BadInput("the tweak is no canonical scalar of 32 bytes");
  for (let attempt = 0; ; attempt++) {
    const version = Uint8Array.of(attempt, 1);
    const info = concatBytes(version, publicKey, tweak, digest, presignature.bigR, PARTICIPANTS);
    const delta = hkdf(sha3_256, entropy, SALT, info, SCALAR_SIZE);
    if (isScalar(delta) && !isZero(delta)) return delta;
  }
}

function assertSize(bytes: Uint8Array, what: string): void {
  if (bytes.length !== SCALAR_SIZE) throw new BadInput(`${what} has ${bytes.length} bytes, not 32`);
}
