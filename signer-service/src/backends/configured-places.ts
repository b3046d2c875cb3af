import type { ConfiguredKey } from "../keys/keys-schema.ts";
import type { BackendConfig } from "./backends-schema.ts";
import type { ConfiguredPlace } from "./doctor.ts";
import { openBackends } from "./open-backends.ts";

/** The sections `backends` and `keys` as the doctor examines them: each backend by itself, so that all are tried. */
export function configuredPlaces(
  backends: readonly BackendConfig[],
  keys: readonly ConfiguredKey[],
): ConfiguredPlace[] {
  return backends.map((config) => ({
    name: config.name,
    keys: keys.filter((key) => key.backend === config.name),
    async open() {
      const [backend] = await openBackends([config]);
      if (backend === undefined) throw new Error(`backend ${config.name} did not open`);
      return backend;
    },
  }));
}
