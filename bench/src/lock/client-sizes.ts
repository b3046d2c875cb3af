import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { buildPackage } from "../../../clients/web/build/build-package.ts";
import { type PartSize, partSizes } from "../../../clients/web/build/part-sizes.ts";
import { REPOSITORY } from "../../../clients/web/build/workspaces.ts";

/** What the parts of the web client weigh in a page, as it is published. It is built into the folder. */
export async function clientSizes(folder: string): Promise<PartSize[]> {
  // What it imports of npm is found above it.
  await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  const outDir = join(folder, "web");
  return partSizes(outDir, await buildPackage(outDir));
}
