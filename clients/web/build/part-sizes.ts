import { join } from "node:path";
import type { BuiltPackage } from "./build-package.ts";
import { bundleSize } from "./bundle-size.ts";

/** What a page that uses a part of the package loads for it, in bytes. */
export interface PartSize {
  readonly part: string;
  readonly minified: number;
  readonly gzip: number;
}

const CORE = ["createRelayClient", "nearRpc"];

/** The core, each entry point and each worker of the package that was built into a folder, bundled. */
export async function partSizes(outDir: string, { entries, workers }: BuiltPackage): Promise<PartSize[]> {
  const parts: { part: string; file: string; names?: readonly string[] }[] = [
    { part: `\`.\`: ${CORE.join(", ")}`, file: entries.get(".") ?? "", names: CORE },
    ...[...entries].map(([entry, file]) => ({ part: `\`${entry}\`, all of it`, file })),
    ...workers.map((worker) => ({ part: `\`${worker}\`, in a worker`, file: worker })),
  ];
  const sizes: PartSize[] = [];
  for (const { part, file, names } of parts) {
    sizes.push({ part, ...(await bundleSize(join(outDir, file), names)) });
  }
  return sizes;
}
