import type { Presignature } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { PoolEntry } from "./ecdsa-store.ts";

const R_BYTES = 33;
const SCALAR_BYTES = 32;

/** A presignature as the pool keeps it: R (33 bytes), k and σ (32 each). Secret; whoever asked wipes it. */
export function encodePresignature({ bigR, k, sigma }: Presignature): Uint8Array {
  const state = new Uint8Array(R_BYTES + 2 * SCALAR_BYTES);
  state.set(bigR);
  state.set(k, R_BYTES);
  state.set(sigma, R_BYTES + SCALAR_BYTES);
  return state;
}

/** Views of the entry's bytes: wiping it wipes them. */
export function decodePresignature({ id, state }: PoolEntry): Presignature {
  if (state.length !== R_BYTES + 2 * SCALAR_BYTES) throw new Error("a presignature of another size");
  return {
    id,
    bigR: state.subarray(0, R_BYTES),
    k: state.subarray(R_BYTES, R_BYTES + SCALAR_BYTES),
    sigma: state.subarray(R_BYTES + SCALAR_BYTES),
  };
}
