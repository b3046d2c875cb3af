import { type ConfigPath, configPath } from "./config-tree.ts";
import { type Environment, isSecretReference } from "./secret-reference.ts";

/** A field that is set from outside the file. */
export interface Override {
  readonly path: ConfigPath;
  readonly text: string;
  /** How the operator wrote it, for messages. */
  readonly from: string;
}

/** Flags by the path of the field that they set. */
export function flagOverrides(flags: Readonly<Record<string, string | undefined>>): Override[] {
  return Object.entries(flags).flatMap(([path, text]) =>
    text === undefined ? [] : [{ path: configPath(path, "."), text, from: `flag for ${path}` }],
  );
}

/**
 * Environment variables by prefix and alias; see `ConfigSources`. `others` is the rest of the configuration: a
 * variable that a reference in there names holds a secret and is no override.
 */
export function envOverrides(
  env: Environment,
  prefix: string,
  aliases: Readonly<Record<string, string>>,
  others: unknown,
): Override[] {
  const found: Override[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(prefix)) continue;
    found.push({ path: configPath(name.slice(prefix.length).toLowerCase(), "__"), text, from: name });
  }
  for (const [name, path] of Object.entries(aliases)) {
    const text = env[name];
    if (text !== undefined) found.push({ path: configPath(path, "."), text, from: name });
  }
  const referenced = new Set<string>();
  collectReferenced([others, found.map((o) => o.text)], referenced);
  return found.filter((o) => !referenced.has(o.from)).sort((a, b) => a.path.length - b.path.length);
}

function collectReferenced(value: unknown, names: Set<string>): void {
  if (typeof value === "string") {
    if (value.startsWith("env:") && isSecretReference(value)) names.add(value.slice("env:".length));
  } else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) collectReferenced(inner, names);
  }
}
