import { KeyState, type RelayerKey } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { HeldKey } from "../lanes/lane-pool.ts";

const STATES: Readonly<Record<KeyState, HeldKey["state"]>> = {
  // A signer from before keys had states names none: it signs with all that it has.
  [KeyState.UNSPECIFIED]: "ACTIVE",
  [KeyState.PENDING]: "PENDING",
  [KeyState.ACTIVE]: "ACTIVE",
  [KeyState.DRAINED]: "DRAINED",
  [KeyState.RETIRED]: "RETIRED",
};

/** A key as the signer shows it. One in a state that this relay does not know is not used. */
export function heldKey({ keyId, network, accountId, publicKey, state: shown, paused }: RelayerKey): HeldKey {
  const state = STATES[shown] ?? "PENDING";
  return { keyId, network, accountId, publicKey, state, paused, signs: state === "ACTIVE" && !paused };
}
