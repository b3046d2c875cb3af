// Builds the package as it is published into clients/web/dist, and prints what its parts weigh in a page.
import { join } from "node:path";
import { buildPackage } from "./build-package.ts";
import { partSizes } from "./part-sizes.ts";
import { REPOSITORY, WEB } from "./workspaces.ts";

const outDir = join(REPOSITORY, WEB, "dist");
const built = await buildPackage(outDir);

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);

process.stdout.write(`| ${"what a page loads".padEnd(44)} |  minified |      gzip |\n`);
process.stdout.write(`| ${"-".repeat(44)} | --------: | --------: |\n`);
for (const { part, minified, gzip } of await partSizes(outDir, built)) {
  process.stdout.write(`| ${part.padEnd(44)} | ${kilobytes(minified)} | ${kilobytes(gzip)} |\n`);
}
