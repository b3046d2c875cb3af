// For tests: a run's tools with this platform's randomness.
import { libsecp256k1Points } from "./libsecp256k1-points.ts";
import type { RunTools } from "./run-tools.ts";

export const random = (_purpose: string, size: number) => crypto.getRandomValues(new Uint8Array(size));

export const tools: RunTools = { points: libsecp256k1Points, random, pause: async () => {} };

/** The bytes with one bit changed. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}
