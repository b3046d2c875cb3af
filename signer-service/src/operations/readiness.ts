import type { ReadinessCheck } from "@countersign/service-kit";
import type { BackendState } from "../keys/backend-health.ts";
import type { KeyView } from "../keys/key-operations.ts";
import type { MissingKeys } from "../keys/key-ring.ts";
import { secretWord } from "../threshold/master-secrets/secret-name.ts";
import type { MasterSecretState } from "../threshold/master-secrets/secret-ring.ts";

export interface ReadinessSources {
  /** Throws when the store does not answer. */
  readonly ping: () => Promise<void>;
  readonly keys: () => Promise<readonly KeyView[]>;
  readonly backends: () => readonly BackendState[];
  /** What could not be loaded. */
  readonly missing: () => readonly MissingKeys[];
  readonly masterSecrets: () => readonly MasterSecretState[];
  /** Throws when there is no lock key. */
  readonly lockKeys: () => Promise<unknown>;
}

/**
 * What the signer needs to do its work: its store, and at least one key that signs; a lock key where it has no place for
 * others. A single backend or key that is away makes it no less ready: the others go on.
 */
export function readinessChecks({
  ping,
  keys,
  backends,
  missing,
  lockKeys,
}: Omit<ReadinessSources, "masterSecrets">): Record<string, ReadinessCheck> {
  return {
    store: ping,
    keys: async () => {
      if (backends().length === 0 && missing().length === 0) return void (await lockKeys());
      const healthy = new Set(backends().flatMap(({ name, healthy }) => (healthy ? [name] : [])));
      const absent = new Set(missing().flatMap(({ keyIds }) => keyIds));
      const signs = (key: KeyView) => healthy.has(key.backend) && !absent.has(key.keyId) && canSign(key);
      if (!(await keys()).some(signs)) throw new Error("no key can sign");
    },
  };
}

/**
 * Every backend and what is wrong with it or its keys, and every master secret, by network, epoch and scheme, for the body of
 * /readyz. One that is away makes the signer no less ready: threshold signing alone waits for it.
 */
export function readinessState({
  backends,
  masterSecrets,
}: Pick<ReadinessSources, "backends" | "masterSecrets">): {
  backends: Record<string, string>;
  master_secrets: Record<string, string>;
} {
  const told = (problem: string) => (problem === "" ? "ok" : problem);
  return {
    backends: Object.fromEntries(backends().map(({ name, problem }) => [name, told(problem)])),
    master_secrets: Object.fromEntries(
      masterSecrets().map((secret) => [secretWord(secret, "/"), told(secret.problem)]),
    ),
  };
}

function canSign({ state, pauseReason, nonceFloor, hasPolicy }: KeyView): boolean {
  return state === "ACTIVE" && pauseReason === null && nonceFloor !== null && hasPolicy;
}
