import { noblePoints } from "@countersign/crypto/ot-ecdsa/noble-points.ts";
import type { PointBackend } from "@countersign/crypto/ot-ecdsa/point-backend.ts";

/**
 * libsecp256k1 where npm brings its addon for the platform, and noble elsewhere (linux-arm64, darwin-x64): both take
 * secret scalars in constant time, and noble takes ten times as long over a presignature.
 */
export const points: PointBackend = await import("@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts").then(
  ({ libsecp256k1Points }) => libsecp256k1Points,
  () => noblePoints,
);
