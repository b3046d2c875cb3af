import { randomFillSync } from "node:crypto";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";

/** The client's half runs on the native points: a browser's are slower by ten times. */
export const clientTools: RunTools = {
  points: libsecp256k1Points,
  random: (_, size) => randomFillSync(new Uint8Array(size)),
  pause: () => new Promise((resolve) => setImmediate(resolve)),
};
