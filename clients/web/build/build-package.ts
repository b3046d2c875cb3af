import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compile } from "./compile.ts";
import { gatherModules } from "./gather-modules.ts";
import { entrySource, javascriptOf, publishedManifest } from "./published-manifest.ts";
import { REPOSITORY, readWorkspaces, WEB, webOf } from "./workspaces.ts";

/** What was built, by its paths in the package. */
export interface BuiltPackage {
  /** Entry points, as package.json names them, with their JavaScript. */
  readonly entries: ReadonlyMap<string, string>;
  /** Modules that run in workers. */
  readonly workers: readonly string[];
}

/**
 * Writes the package as it is published into a folder, which it empties before: for each module JavaScript (ESM) and
 * declarations, with the modules of other workspaces among them, package.json, README and licence.
 */
export async function buildPackage(outDir: string): Promise<BuiltPackage> {
  const workspaces = readWorkspaces();
  const entries = Object.entries(webOf(workspaces).manifest.exports ?? {});
  const workers = await workerSources();
  const roots = [...entries.map(([, target]) => entrySource(target)), ...workers];
  const { sources, imported } = await gatherModules(roots, workspaces);

  await rm(outDir, { recursive: true, force: true });
  await compile(sources, outDir);
  for (const path of sources.keys()) await leadToJavascript(join(outDir, path.replace(/\.ts$/, ".d.ts")));
  const manifest = publishedManifest(imported, workers, workspaces);
  await writeFile(join(outDir, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await copyFile(join(REPOSITORY, WEB, "README.md"), join(outDir, "README.md"));
  await copyFile(join(REPOSITORY, "LICENSE"), join(outDir, "LICENSE"));
  return {
    entries: new Map(entries.map(([entry, target]) => [entry, javascriptOf(entrySource(target))])),
    workers: workers.map(javascriptOf),
  };
}

/** The compiler leaves ".ts" in the imports of declarations, where there is no such file. */
async function leadToJavascript(declarations: string): Promise<void> {
  const text = await readFile(declarations, "utf8");
  const led = text.replace(/(\bfrom |\bimport\(|\bimport )"(\.[^"\n]+)\.ts"/g, '$1"$2.js"');
  await writeFile(declarations, led);
}

/** Modules that are started and not imported, from the repository's folder. */
async function workerSources(): Promise<string[]> {
  const names = await readdir(join(REPOSITORY, WEB, "src"), { recursive: true });
  return names.filter((name) => name.endsWith(".worker.ts")).map((name) => join(WEB, "src", name));
}
