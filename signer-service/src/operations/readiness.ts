import type { ReadinessCheck } from "@countersign/service-kit";
import type { BackendState } from "../keys/backend-health.ts";
import type { KeyView } from "../keys/key-operations.ts";
import type { MissingKeys } from "../keys/key-ring.ts";

export interface ReadinessSources {
  /** Throws when the store does not answer. */
  readonly ping: () => Promise<void>;
  readonly keys: () => Promise<readonly KeyView[]>;
  readonly backends: () => readonly BackendState[];
  /** What could not be loaded. */
  readonly missing: () => readonly MissingKeys[];
}

/**
 * What the signer needs to do its work: its store, and at least one key that signs. A single backend or key that is
 * away makes it no less ready: the others go on.
 */
export function readinessChecks({
  ping,
  keys,
  backends,
  missing,
}: ReadinessSources): Record<string, ReadinessCheck> {
  return {
    store: ping,
    keys: async () => {
      const healthy = new Set(backends().flatMap(({ name, healthy }) => (healthy ? [name] : [])));
      const absent = new Set(missing().flatMap(({ keyIds }) => keyIds));
      const signs = (key: KeyView) => healthy.has(key.backend) && !absent.has(key.keyId) && canSign(key);
      if (!(await keys()).some(signs)) throw new Error("no key can sign");
    },
  };
}

/** Every backend and what is wrong with it or its keys, for the body of /readyz. */
export function readinessState({ backends }: Pick<ReadinessSources, "backends">): {
  backends: Record<string, string>;
} {
  const states = backends().map(({ name, problem }) => [name, problem === "" ? "ok" : problem]);
  return { backends: Object.fromEntries(states) };
}

function canSign({ state, pauseReason, nonceFloor, hasPolicy }: KeyView): boolean {
  return state === "ACTIVE" && pauseReason === null && nonceFloor !== null && hasPolicy;
}
