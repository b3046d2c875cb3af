import { stringify } from "yaml";
import type { z } from "zod";
import { readConfigFile, yamlOrText } from "./config-file.ts";
import { envOverrides, flagOverrides, type Override } from "./config-overrides.ts";
import { ConfigError, type ConfigProblem } from "./config-problems.ts";
import { isConfigTree, setAt } from "./config-tree.ts";
import { Secret } from "./secret.ts";
import { ConfigSecret, type Environment } from "./secret-reference.ts";

/** Where a configuration comes from; flags win over the environment, which wins over the file. */
export interface ConfigSources {
  /** Path of a YAML file of at most 1 MiB; without it, defaults and overrides only. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /**
   * Environment variables that start with this override the file: the rest, in lower case and cut at "__", is the
   * path of a field. COUNTERSIGN_NEAR__TIMEOUT_MS is near.timeout_ms, COUNTERSIGN_RELAYERS__0__ACCOUNT_ID is
   * relayers[0].account_id. A variable that a reference of the configuration names is not an override.
   */
  readonly envPrefix: string;
  /** Further variables, with the path of the field that each one stands for: { LEDGER_URL: "ledger.url" }. */
  readonly envAliases?: Readonly<Record<string, string>>;
  /** Flags of the command line by the field's path: { "listen.port": "8080" }. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

/** A valid configuration. */
export interface LoadedConfig<T> {
  readonly config: T;
  /** The effective configuration, defaults included, as YAML: references are shown, secrets are not. */
  dump(): string;
}

/** Loads a configuration; throws `ConfigError` with all its problems. */
export function loadConfig<S extends z.ZodType>(
  schema: S,
  sources: ConfigSources,
): LoadedConfig<z.output<S>> {
  const { file, env, envPrefix, envAliases = {}, flags = {} } = sources;
  const tree = file === undefined ? {} : readConfigFile(file);
  const fromFlags = flagOverrides(flags);
  const others = [tree, fromFlags.map((o) => o.text)];
  const overrides = [...envOverrides(env, envPrefix, envAliases, others), ...fromFlags];
  const misplaced = overrides.filter(({ path, text }) => !setAt(tree, path, text));

  let result = schema.safeParse(tree);
  if (!result.success) {
    // Overrides are text. Where the schema wants something else, they are YAML: 8080, true, [a, b].
    const mistyped = new Set(
      result.error.issues.filter((i) => i.code === "invalid_type").map((i) => i.path.join(".")),
    );
    for (const { path, text } of overrides) {
      if (mistyped.has(path.join("."))) setAt(tree, path, yamlOrText(text));
    }
    result = schema.safeParse(tree);
  }
  const problems = [
    ...misplaced.map(({ path, from }) => ({ path: path.join("."), message: `${from} names no field` })),
    ...(result.success ? [] : result.error.issues.flatMap(problemsOf)).map((p) => withSource(p, overrides)),
  ];
  if (!result.success || problems.length > 0) throw new ConfigError(problems);
  const config = result.data;
  return { config, dump: () => stringify(shown(config)) };
}

function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path.join("."), message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key].join("."), message: "is not a known key" }));
}

/** Names the variable or flag that a problem comes from; it may have set the field or something below. */
function withSource(problem: ConfigProblem, overrides: readonly Override[]): ConfigProblem {
  const from = overrides.findLast(({ path }) => `${path.join(".")}.`.startsWith(`${problem.path}.`))?.from;
  return from === undefined ? problem : { ...problem, message: `${problem.message} (from ${from})` };
}

function shown(value: unknown): unknown {
  if (value instanceof ConfigSecret) return value.shown;
  if (value instanceof Secret) return value.toString();
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(shown);
  if (!isConfigTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}
