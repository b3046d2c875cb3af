// Which packages the signer is made of, and whether that is what was agreed to: compares package-lock.json with
// signer-service/dependencies.allow, prints every difference, and exits with 1 if there is one. With --write it writes
// the file instead. Then it looks for ways out of the process: network globals belong to backends and commands alone.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  link?: true;
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const WORKSPACE = "signer-service";
const ALLOWED = `${WORKSPACE}/dependencies.allow`;
const HEADING = `# Every package that the signer runs, from package-lock.json: what it always needs, and what each optional backend adds.
# Read what a new line brings in before you add it: node scripts/signer-closure.ts --write
`;

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };

/** The place of the package that `from` gets when it imports `name`: the nearest one above it. */
function placeOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/"), 0))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    const entry = lock.packages[place];
    if (entry !== undefined) return entry.link === true ? entry.resolved : place;
    if (folder === "") return undefined;
  }
}

/** What a package needs to run. Optional parts of a package are not there on every platform, and count all the same. */
function needsOf({
  dependencies,
  optionalDependencies,
  peerDependencies,
  peerDependenciesMeta,
}: Entry): string[] {
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (p) => peerDependenciesMeta?.[p]?.optional !== true,
  );
  return [...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {}), ...peers];
}

/** Adds the places of everything that is needed to run the package in `place`. */
function collect(place: string, found: Set<string>): void {
  if (found.has(place)) return;
  found.add(place);
  for (const name of needsOf(lock.packages[place] ?? {})) {
    const needed = placeOf(name, place);
    if (needed !== undefined) collect(needed, found);
  }
}

/** "name@version" of installed packages; the repository's own workspaces have no line. */
function lines(places: Iterable<string>): string[] {
  const named = [...places]
    .filter((place) => place.includes("node_modules/"))
    .map((place) => `${place.split("node_modules/").at(-1)}@${lock.packages[place]?.version}`);
  return [...new Set(named)].sort();
}

function closure(): Map<string, string[]> {
  const signer = lock.packages[WORKSPACE] ?? {};
  const always = new Set<string>([WORKSPACE]);
  for (const name of Object.keys(signer.dependencies ?? {})) {
    const place = placeOf(name, WORKSPACE);
    if (place !== undefined) collect(place, always);
  }
  const sections = new Map([["always", lines(always)]]);
  for (const name of Object.keys(signer.optionalDependencies ?? {}).sort()) {
    const place = placeOf(name, WORKSPACE);
    const found = new Set(always);
    if (place !== undefined) collect(place, found);
    sections.set(name, lines([...found].filter((p) => !always.has(p))));
  }
  return sections;
}

function readAllowed(): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let section: string[] = [];
  for (const line of readFileSync(ALLOWED, "utf8").split("\n")) {
    const [, name] = /^\[(.+)\]$/.exec(line) ?? [];
    if (name !== undefined) {
      section = [];
      sections.set(name, section);
    } else if (line !== "" && !line.startsWith("#")) section.push(line);
  }
  return sections;
}

/** Every difference between the lists. */
function differences(actual: Map<string, string[]>, allowed: Map<string, string[]>): string[] {
  return [...new Set([...actual.keys(), ...allowed.keys()])].flatMap((name) => {
    const [is, may] = [actual.get(name) ?? [], allowed.get(name) ?? []];
    return [
      ...is.filter((line) => !may.includes(line)).map((line) => `[${name}] ${line} is not in ${ALLOWED}`),
      ...may.filter((line) => !is.includes(line)).map((line) => `[${name}] ${line} is not needed any more`),
    ];
  });
}

/** Where the signer's code may speak to the network of its own accord. */
const MAY_CALL_OUT = /^signer-service\/src\/(backends|commands)\/|\.test\.ts$/;
const NETWORK_GLOBAL = /\bfetch\(|\bnew (?:WebSocket|EventSource|XMLHttpRequest)\b/;

function callsOut(): string[] {
  const args = ["ls-files", "-co", "--exclude-standard", "signer-service/src/*.ts"];
  const files = execFileSync("git", args, { encoding: "utf8" }).split("\n");
  return files
    .filter((file) => file !== "" && !MAY_CALL_OUT.test(file))
    .filter((file) => NETWORK_GLOBAL.test(readFileSync(file, "utf8")))
    .map((file) => `${file} calls out: the signer's only ways out are its backends`);
}

const actual = closure();
if (process.argv.includes("--write")) {
  const sections = [...actual].map(([name, packages]) => `\n[${name}]\n${packages.join("\n")}\n`);
  writeFileSync(ALLOWED, HEADING + sections.join(""));
} else {
  const problems = [...differences(actual, readAllowed()), ...callsOut()];
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
