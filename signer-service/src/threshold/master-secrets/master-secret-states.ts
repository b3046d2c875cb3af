import type { BackendState } from "../../keys/backend-health.ts";
import type { MasterSecretState } from "./secret-ring.ts";

/** Master secrets as an operator's status shows places: by name, and what is wrong with them. */
export function asPlaces(states: readonly MasterSecretState[]): BackendState[] {
  return states.map(({ network, epoch, problem }) => ({
    name: `master-secret-${network}-${epoch}`,
    description: `master secret of ${network}, epoch ${epoch}`,
    healthy: problem === "",
    problem,
  }));
}
