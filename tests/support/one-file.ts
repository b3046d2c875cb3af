import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Plugin, rolldown } from "rolldown";

/** Packages that find files of their own beside them. */
const LEFT_OUT = /^(koffi|pkcs11js|secp256k1|sodium-native)$/;

const written = new Map<string, Promise<URL>>();

/**
 * The program with all that it imports in one file: it starts in half the time, which counts where it is killed and started
 * again and again. What it does is the same, and so is where its modules believe to be.
 */
export function inOneFile(program: URL): Promise<URL> {
  const before = written.get(program.href);
  if (before !== undefined) return before;
  const writing = write(fileURLToPath(program));
  written.set(program.href, writing);
  return writing;
}

async function write(program: string): Promise<URL> {
  // vitest kills its workers, and with them what they would do at their end: scripts/test.sh removes its folder itself.
  const folder = mkdtempSync(join(process.env.TEST_PROGRAMS ?? tmpdir(), "one-file-"));
  // Programs also run as other users.
  chmodSync(folder, 0o755);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, basename(program).replace(/\.ts$/, ".mjs"));
  const bundle = await rolldown({
    input: program,
    platform: "node",
    plugins: [leaveOut, keepPlaces],
    logLevel: "silent",
  });
  try {
    await bundle.write({
      dir: folder,
      format: "esm",
      entryFileNames: "[name].mjs",
      chunkFileNames: "[name]-[hash].mjs",
    });
  } finally {
    await bundle.close();
  }
  return pathToFileURL(file);
}

const leaveOut: Plugin = {
  name: "leave out",
  resolveId(id, importer) {
    if (!LEFT_OUT.test(id) || importer === undefined) return undefined;
    return { id: pathToFileURL(createRequire(importer).resolve(id)).href, external: "absolute" };
  },
};

/** Workers and files are found from where the module's source is. */
const keepPlaces: Plugin = {
  name: "keep places",
  transform(code, id) {
    if (!code.includes("import.meta.")) return undefined;
    return code
      .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href))
      .replaceAll("import.meta.dirname", JSON.stringify(join(id, "..")))
      .replaceAll("import.meta.filename", JSON.stringify(id));
  },
};
