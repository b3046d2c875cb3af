import { camelKeys } from "@countersign/server/config/camel-keys.ts";
import type { Directory } from "@countersign/server/tenant/directory.ts";
import { Directory as Tenants } from "@countersign/server/tenant/directory.ts";
import { ConfigError, type Environment } from "@countersign/service-kit";
import { type EdgeSections, edgeSchema } from "./edge-schema.ts";
import { snapshotOf } from "./tenants.ts";

/** The configuration of a relay at the edge, checked whole. Times in milliseconds, sizes in bytes. */
export interface EdgeConfig extends Omit<EdgeSections, "tenants" | "pauses"> {
  /** Never changes: another configuration is another deployment. */
  readonly directory: Directory;
}

/** Reads it from the variable RELAY, and the secrets that it refers to from the others. Throws ConfigError with all problems. */
export async function loadEdgeConfig(bindings: object): Promise<EdgeConfig> {
  const env: Environment = Object.fromEntries(
    Object.entries(bindings).filter(([, value]) => typeof value === "string"),
  );
  const { RELAY: given } = bindings as { RELAY?: unknown };
  const parsed = edgeSchema(env).safeParse(typeof given === "string" ? jsonOf(given) : given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => ({
        path: issue.path.join("."),
        message:
          issue.code === "unrecognized_keys" ? `${issue.keys.join(", ")} is not a known key` : issue.message,
      })),
    );
  }
  const { tenants, pauses, ...sections } = parsed.data;
  const snapshot = snapshotOf(tenants, pauses);
  const unusable = (error: unknown) => {
    throw error;
  };
  const directory = await Tenants.open({
    store: { revision: async () => snapshot.revision, snapshot: async () => snapshot },
    onFailed: unusable,
    onUnusable: (_, error) => unusable(error),
  });
  return { ...camelKeys(sections), directory };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError([{ path: "RELAY", message: "is not JSON" }]);
  }
}
