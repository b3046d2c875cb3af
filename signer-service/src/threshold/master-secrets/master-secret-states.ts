import type { BackendState } from "../../keys/backend-health.ts";
import { secretName, secretWord } from "./secret-name.ts";
import type { MasterSecretState } from "./secret-ring.ts";

/** Master secrets as an operator's status shows places: by name, and what is wrong with them. */
export function asPlaces(states: readonly MasterSecretState[]): BackendState[] {
  return states.map((state) => ({
    name: `master-secret-${secretWord(state, "-")}`,
    description: `master secret of ${secretName(state)}`,
    healthy: state.problem === "",
    problem: state.problem,
  }));
}
