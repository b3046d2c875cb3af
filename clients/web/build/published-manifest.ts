import { type GatheredModules, placeOf } from "./gather-modules.ts";
import { WEB, type Workspace, webOf } from "./workspaces.ts";

/** The package.json of what is published; `workers` are modules, from the repository's folder, that run when loaded. */
export function publishedManifest(
  imported: GatheredModules["imported"],
  workers: readonly string[],
  workspaces: ReadonlyMap<string, Workspace>,
): object {
  const { name, version, type, license, description, exports } = webOf(workspaces).manifest;
  return {
    name,
    version,
    type,
    license,
    description,
    sideEffects: workers.map((worker) => `./${javascriptOf(worker)}`),
    exports: Object.fromEntries(
      Object.entries(exports ?? {}).map(([entry, source]) => {
        const file = javascriptOf(entrySource(source));
        return [entry, { types: `./${file.replace(/\.js$/, ".d.ts")}`, default: `./${file}` }];
      }),
    ),
    dependencies: dependencies(imported, workspaces),
  };
}

/** What an entry of the web client's `exports` names, from the repository's folder. */
export function entrySource(target: string): string {
  return `${WEB}/${target.replace(/^\.\//, "")}`;
}

/** The path in the package of what a module is compiled to. */
export function javascriptOf(module: string): string {
  return placeOf(module).replace(/\.ts$/, ".js");
}

/** Ranges of what is compatible with the very versions that the workspaces are tested with. */
function dependencies(
  imported: GatheredModules["imported"],
  workspaces: ReadonlyMap<string, Workspace>,
): Record<string, string> {
  const ranges = new Map<string, string>();
  for (const { folder, manifest } of workspaces.values()) {
    for (const name of imported.get(folder) ?? []) {
      const version = manifest.dependencies?.[name];
      if (version === undefined) {
        throw new Error(`${folder} imports ${name}, which its package.json does not name`);
      }
      ranges.set(name, `^${version}`);
    }
  }
  return Object.fromEntries([...ranges].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
