import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { REPOSITORY, WEB } from "./workspaces.ts";

const TSC = join(dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))), "bin/tsc");

/**
 * Writes JavaScript and declarations of these modules into a folder. Throws with the compiler's messages when it has any.
 *
 * @param sources TypeScript by its path, all of it
 */
export async function compile(sources: ReadonlyMap<string, string>, outDir: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "web-"));
  try {
    await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    for (const [path, text] of sources) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config([...sources.keys()], outDir)));
    await promisify(execFile)(process.execPath, [TSC, "-p", folder]).catch(({ stdout, stderr }) => {
      throw new Error(`the web client does not compile:\n${stdout}${stderr}`);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function config(files: readonly string[], outDir: string): object {
  return {
    extends: join(REPOSITORY, WEB, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: ".",
      outDir,
      // Whoever installs the package may have no types of Node.
      types: [],
    },
    include: [],
    files,
  };
}
