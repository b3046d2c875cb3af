import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");

/** The folder of the web client, from the repository's. */
export const WEB = "clients/web";

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A package of this repository. */
export interface Workspace {
  /** From the repository's folder. */
  readonly folder: string;
  readonly manifest: Manifest;
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(REPOSITORY, folder, "package.json"), "utf8"));
}

/** All packages of this repository that there are, by name. */
export function readWorkspaces(): ReadonlyMap<string, Workspace> {
  const { workspaces = [] } = manifestIn(".");
  return new Map(
    workspaces.flatMap((folder) => {
      const manifest = manifestIn(folder);
      return [[manifest.name, { folder, manifest }]];
    }),
  );
}

/** The web client's package. */
export function webOf(workspaces: ReadonlyMap<string, Workspace>): Workspace {
  for (const workspace of workspaces.values()) if (workspace.folder === WEB) return workspace;
  throw new Error(`${WEB} is no workspace`);
}

/**
 * The file, from the repository's folder, that an import of a workspace names; undefined for packages of npm. Throws for what
 * the workspace does not export.
 */
export function workspaceFile(
  specifier: string,
  workspaces: ReadonlyMap<string, Workspace>,
): string | undefined {
  const name = packageName(specifier);
  const workspace = workspaces.get(name);
  if (workspace === undefined) return undefined;
  const wanted = `.${specifier.slice(name.length)}`;
  for (const [entry, target] of Object.entries(workspace.manifest.exports ?? {})) {
    const rest = matched(wanted, entry);
    if (rest !== undefined)
      return join(
        workspace.folder,
        target.replace("*", () => rest),
      );
  }
  throw new Error(`${name} does not export ${wanted}`);
}

/** "@scope/name" or "name" of an import. */
export function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** What stands for the star of an entry of `exports`, or nothing where it has none; undefined for another entry. */
function matched(wanted: string, entry: string): string | undefined {
  const [before = "", after] = entry.split("*");
  if (after === undefined) return wanted === entry ? "" : undefined;
  if (!wanted.startsWith(before) || !wanted.endsWith(after)) return undefined;
  return wanted.slice(before.length, wanted.length - after.length);
}
