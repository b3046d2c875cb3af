import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path/posix";
import { slimContract } from "./slim-contract.ts";
import { packageName, REPOSITORY, WEB, type Workspace, workspaceFile } from "./workspaces.ts";

/** Where the modules of a workspace stand in the package, by where they are in the repository. */
const PLACES: readonly (readonly [from: string, to: string])[] = [
  [`${WEB}/src/`, ""],
  ["gen/es/", "contracts/"],
];

const SPECIFIER = /(^(?:import|export)\b[^"';]*?\bfrom\s+|^import\s+|\bimport\()"([^"\n]+)"/gm;
const WORKER = /new URL\("(\.[^"\n]+)\.ts", import\.meta\.url\)/g;

export interface GatheredModules {
  /** TypeScript by its path in the package. */
  readonly sources: ReadonlyMap<string, string>;
  /** The packages of npm that are imported, by the folder of the workspace that does. */
  readonly imported: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Modules and all that they import, those of other workspaces included, as they stand in the package: they lead to each
 * other alone and to packages of npm.
 *
 * @param roots from the repository's folder
 */
export async function gatherModules(
  roots: readonly string[],
  workspaces: ReadonlyMap<string, Workspace>,
): Promise<GatheredModules> {
  const sources = new Map<string, string>();
  const imported = new Map<string, Set<string>>();
  // It grows while it is walked.
  const modules = new Set(roots);
  for (const module of modules) {
    const leadTo = (target: string) => {
      const way = relative(dirname(placeOf(module)), placeOf(target));
      return way.startsWith(".") ? way : `./${way}`;
    };
    const text = slimContract(await readFile(join(REPOSITORY, module), "utf8"));
    const resolved = text.replace(SPECIFIER, (_, before: string, specifier: string) => {
      const target = specifier.startsWith(".")
        ? join(dirname(module), specifier)
        : workspaceFile(specifier, workspaces);
      if (target !== undefined) {
        modules.add(target);
        return `${before}"${leadTo(target)}"`;
      }
      const folder = folderOf(module, workspaces);
      imported.set(folder, (imported.get(folder) ?? new Set()).add(packageName(specifier)));
      return `${before}"${specifier}"`;
    });
    sources.set(placeOf(module), resolved.replace(WORKER, 'new URL("$1.js", import.meta.url)'));
  }
  return { sources, imported };
}

/** The path in the package of a module of the repository. */
export function placeOf(module: string): string {
  for (const [from, to] of PLACES) if (module.startsWith(from)) return to + module.slice(from.length);
  return module.replace("/src/", "/");
}

function folderOf(module: string, workspaces: ReadonlyMap<string, Workspace>): string {
  for (const { folder } of workspaces.values()) if (module.startsWith(`${folder}/`)) return folder;
  throw new Error(`${module} is of no workspace`);
}
