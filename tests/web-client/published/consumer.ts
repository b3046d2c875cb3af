import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, preview } from "vite";
import { type BuiltPackage, buildPackage } from "../../../clients/web/build/build-package.ts";

const run = promisify(execFile);
const NODE_MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const TSC = join(dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))), "bin/tsc");

const BUNDLED = "bundled";

/** A file of a bundle, as a browser gets it. */
export interface BundledFile {
  readonly name: string;
  readonly code: string;
}

/** A project that has installed the package as it is published, and nothing else of this repository. */
export interface Consumer {
  readonly built: BuiltPackage;
  /** What npm packed, by its paths. */
  readonly packed: readonly string[];
  /** Writes a file of the project. */
  write(path: string, text: string): Promise<void>;
  /** The compiler's messages about the project; empty for none. */
  typeCheck(moduleResolution: "bundler" | "nodenext"): Promise<string>;
  /** Runs a module in Node; what it prints. */
  run(module: string): Promise<string>;
  /** Bundles a page with Vite as it comes. The page's own code is first. */
  bundle(page: string): Promise<BundledFile[]>;
  /** Serves what was bundled last; the page's address. */
  serve(): Promise<{ readonly page: string; stop(): Promise<void> }>;
  remove(): Promise<void>;
}

/** Builds, packs and installs. The package's dependencies are those of this repository. */
export async function installPackage(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), "consumer-"));
  const dist = join(folder, "dist");
  const built = await buildPackage(dist);
  const project = join(folder, "project");
  const installed = join(project, "node_modules/@countersign/web");
  await mkdir(installed, { recursive: true });
  await run("npm", ["pack", dist, "--pack-destination", folder, "--offline", "--ignore-scripts"]);
  const [packedFile = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", join(folder, packedFile), "-C", installed, "--strip-components=1"]);
  const { dependencies } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    const link = join(project, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(NODE_MODULES, name), link);
  }
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  const packed = await readdir(installed, { recursive: true });

  return {
    built,
    packed,
    write: (path, text) => writeFile(join(project, path), text),
    async typeCheck(moduleResolution) {
      const module = moduleResolution === "bundler" ? "esnext" : "nodenext";
      const config = { compilerOptions: { ...STRICT, module, moduleResolution } };
      await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
      return run(process.execPath, [TSC, "-p", project]).then(
        () => "",
        ({ stdout }) => String(stdout),
      );
    },
    async run(module) {
      await writeFile(join(project, "run.mjs"), module);
      return (await run(process.execPath, ["run.mjs"], { cwd: project })).stdout;
    },
    bundle: (page) => bundle(project, page),
    async serve() {
      const common = { root: project, configFile: false, logLevel: "warn" } as const;
      const server = await preview({
        ...common,
        build: { outDir: join(project, BUNDLED) },
        preview: { host: "localhost", port: 0 },
      });
      const { port } = server.httpServer.address() as AddressInfo;
      return { page: `http://localhost:${port}/page.html`, stop: () => server.close() };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** As strict as a consumer may be, with no types but those of browsers. */
const STRICT = {
  target: "es2024",
  lib: ["es2024", "dom", "dom.iterable"],
  types: [],
  noEmit: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
};

async function bundle(root: string, page: string): Promise<BundledFile[]> {
  const outDir = join(root, BUNDLED);
  await writeFile(join(root, "page.html"), '<script type="module" src="./page.js"></script>');
  await writeFile(join(root, "page.js"), page);
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, "page.html") },
    },
  });
  const assets = join(outDir, "assets");
  const names = (await readdir(assets)).toSorted((a, b) => rank(a) - rank(b));
  return Promise.all(names.map(async (name) => ({ name, code: await readFile(join(assets, name), "utf8") })));
}

function rank(name: string): number {
  return name.startsWith("page") ? 0 : 1;
}
