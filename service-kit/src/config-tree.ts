/** A configuration before its schema has seen it. */
export type ConfigTree = Record<string, unknown>;

/** The way to a field: keys, and numbers for places in lists. */
export type ConfigPath = readonly (string | number)[];

export function isConfigTree(value: unknown): value is ConfigTree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** "near.endpoints.0.url", cut at the separator. */
export function configPath(text: string, separator: string): ConfigPath {
  return text.split(separator).map((step) => (/^\d{1,3}$/.test(step) ? Number(step) : step));
}

/** Sets a value deep in a tree, making what is missing on the way; false where the way is no tree or list. */
export function setAt(tree: ConfigTree, path: ConfigPath, value: unknown): boolean {
  let at: ConfigTree | unknown[] = tree;
  for (const [i, step] of path.entries()) {
    if (Array.isArray(at) !== (typeof step === "number") || step === "" || step === "__proto__") return false;
    const container = at as Record<string | number, unknown>;
    if (i === path.length - 1) {
      container[step] = value;
      return true;
    }
    const next: unknown = Object.hasOwn(container, step) ? container[step] : undefined;
    const made = next ?? (typeof path[i + 1] === "number" ? [] : {});
    if (!isConfigTree(made) && !Array.isArray(made)) return false;
    container[step] = made;
    at = made;
  }
  return false;
}
