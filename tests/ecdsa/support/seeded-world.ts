import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import type { PointBackend } from "@countersign/crypto/ot-ecdsa/point-backend.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { seededBytes } from "./seeded-bytes.ts";
import { type Both, partiesOf, type TwoParties } from "./two-parties.ts";

export type Bytes = (size: number) => Uint8Array;

export function toolsOf(bytes: Bytes, points: PointBackend = libsecp256k1Points): RunTools {
  return { points, random: (_, size) => bytes(size), pause: async () => {} };
}

/** A key of two random halves. */
export function randomParties(bytes: Bytes): TwoParties {
  return partiesOf(randomScalar(bytes), randomScalar(bytes));
}

export function randomScalar(bytes: Bytes): Uint8Array {
  return secp256k1.utils.randomSecretKey(bytes(48));
}

/** A key and what both sides run with, the same ones for the same seed. */
export function seededWorld(seed: number): { tools: Both<RunTools>; parties: TwoParties; bytes: Bytes } {
  const bytes = seededBytes(seed);
  const tools = toolsOf(bytes);
  return { tools: { client: tools, relayer: tools }, parties: randomParties(bytes), bytes };
}
