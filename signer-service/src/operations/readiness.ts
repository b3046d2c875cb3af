import type { ReadinessCheck } from "@countersign/service-kit";
import type { BackendState } from "../keys/backend-health.ts";
import type { KeyView } from "../keys/key-operations.ts";

export interface ReadinessSources {
  /** Throws when the store does not answer. */
  readonly keys: () => Promise<readonly KeyView[]>;
  readonly backends: () => readonly BackendState[];
}

/**
 * What the signer needs to do its work: its store, and at least one key that signs. A single backend that is away makes
 * it no less ready: the others go on.
 */
export function readinessChecks({ keys, backends }: ReadinessSources): Record<string, ReadinessCheck> {
  return {
    store: keys,
    keys: async () => {
      const healthy = new Set(backends().flatMap(({ name, healthy }) => (healthy ? [name] : [])));
      if (!(await keys()).some((key) => healthy.has(key.backend) && canSign(key))) {
        throw new Error("no key can sign");
      }
    },
  };
}

/** Every backend and whether it answers, for the body of /readyz. */
export function readinessState({ backends }: Pick<ReadinessSources, "backends">): {
  backends: Record<string, string>;
} {
  const states = backends().map(({ name, healthy, problem }) => [name, healthy ? "ok" : problem]);
  return { backends: Object.fromEntries(states) };
}

function canSign({ state, pauseReason, nonceFloor, hasPolicy }: KeyView): boolean {
  return state === "ACTIVE" && pauseReason === null && nonceFloor !== null && hasPolicy;
}
