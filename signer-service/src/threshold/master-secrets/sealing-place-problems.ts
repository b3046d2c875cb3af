import type { BackendConfig } from "../../backends/backends-schema.ts";
import type { ThresholdConfig } from "../threshold-config.ts";

/** Backends that can seal a secret under a key of theirs. */
export const SEALING_BACKENDS: readonly BackendConfig["type"][] = ["pkcs11", "aws-kms"];

/** Sealed master secrets whose backend is not there, or cannot open them. */
export function* sealingPlaceProblems(
  threshold: ThresholdConfig | undefined,
  backends: readonly BackendConfig[],
): Generator<{ path: (string | number)[]; message: string }> {
  for (const [i, source] of threshold?.masterSecrets.entries() ?? []) {
    if (source.kind !== "sealed") continue;
    const path = ["threshold", "master_secrets", i, "sealed", "backend"];
    const backend = backends.find(({ name }) => name === source.backend);
    if (backend === undefined) yield { path, message: `there is no backend ${source.backend}` };
    else if (!SEALING_BACKENDS.includes(backend.type)) {
      yield {
        path,
        message: `a backend of type ${backend.type} seals nothing: ${SEALING_BACKENDS.join(", ")} do`,
      };
    }
  }
}
