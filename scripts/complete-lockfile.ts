// Completes package-lock.json after `npm install`: adds the optional packages of other platforms that the registry
// in use did not offer. Without their entries `npm ci` refuses the lockfile on every platform; with them it
// passes over what is not for its own.
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  optional?: true;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const CPUS: readonly [RegExp, string][] = [
  [/wasm32/, "wasm32"],
  [/arm64/, "arm64"],
  [/\barm|armv/, "arm"],
  [/x64/, "x64"],
  [/ia32/, "ia32"],
  [/riscv64/, "riscv64"],
  [/ppc64/, "ppc64"],
  [/s390x/, "s390x"],
  [/loong64/, "loong64"],
  [/mips64el/, "mips64el"],
];

/** The platform that a package's name tells; undefined for a name that tells none. */
function platformOf(name: string): Pick<Entry, "os" | "cpu" | "libc"> | undefined {
  const system = SYSTEMS.find((s) => name.includes(s));
  const cpu = CPUS.find(([pattern]) => pattern.test(name))?.[1];
  if (cpu === undefined && system === undefined) return undefined;
  return {
    ...(name.includes("musl") ? { libc: ["musl"] } : {}),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(system === undefined ? {} : { os: [system] }),
  };
}

const file = "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const platform = platformOf(name);
    if (lock.packages[path] !== undefined || platform === undefined) continue;
    lock.packages[path] = { version, optional: true, ...platform };
    process.stdout.write(`added ${name} ${version}\n`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
