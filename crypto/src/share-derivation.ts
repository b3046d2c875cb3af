// What both schemes derive shares with: HKDF-SHA256 over names that NULs separate, and the first scalar that is not zero.
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { BadInput } from "./bad-input.ts";
import { u32le } from "./length-prefixed.ts";

/** How a group makes scalars of uniform bytes. */
export interface ScalarDerivation {
  /** Bytes that a scalar is reduced from: so many that it is uniform. */
  readonly entropy: number;
  /** The canonical scalar; undefined for zero. Takes the bytes: they are zero afterwards. */
  reduce(wide: Uint8Array): Uint8Array | undefined;
}

const SECRET_SIZE = 32;
const NUL = Uint8Array.of(0);

/** The client's share, from the wallet's seed (32 bytes). Throws BadInput. */
export function deriveClientShare(
  group: ScalarDerivation,
  salt: Uint8Array,
  seed: Uint8Array,
  info: Uint8Array,
): Uint8Array {
  assertSecret(seed, "the seed");
  const share = group.reduce(hkdf(sha256, seed, salt, info, group.entropy));
  if (share === undefined) throw new BadInput("the client's share is zero");
  return share;
}

/** The relayer's share, from an epoch's master secret (32 bytes), for one public point of the client. Throws BadInput. */
export function deriveRelayerShare(
  group: ScalarDerivation,
  label: Uint8Array,
  masterSecret: Uint8Array,
  clientVerifyingShare: Uint8Array,
  names: readonly [accountId: string, rpId: string],
): Uint8Array {
  assertSecret(masterSecret, "the master secret");
  const salt = sha256(clientVerifyingShare);
  const bound = concatBytes(label, NUL, accountAndRp(...names), NUL);
  return firstScalar(group, (counter) => {
    const info = concatBytes(bound, new Uint8Array(8), u32le(counter));
    return hkdf(sha256, masterSecret, salt, info, group.entropy);
  });
}

/** The first scalar that is not zero; the counter rises from 0. */
export function firstScalar(group: ScalarDerivation, wide: (counter: number) => Uint8Array): Uint8Array {
  for (let counter = 0; ; counter++) {
    const scalar = group.reduce(wide(counter));
    if (scalar !== undefined) return scalar;
  }
}

/** The account, NUL, the relying party in lower case. Throws BadInput. */
export function accountAndRp(accountId: string, rpId: string): Uint8Array {
  return concatBytes(text(accountId), NUL, text(rpId.toLowerCase()));
}

/** Refuses secrets of another size than 32 bytes. Throws BadInput. */
export function assertSecret(bytes: Uint8Array, what: string): void {
  if (bytes.length !== SECRET_SIZE) {
    throw new BadInput(`${what} has ${bytes.length} bytes, not ${SECRET_SIZE}`);
  }
}

/** A name between NULs, which therefore holds none. Throws BadInput. */
export function text(name: string): Uint8Array {
  if (name === "" || name.includes("\0")) throw new BadInput("a name is empty or holds a NUL");
  return utf8ToBytes(name);
}
