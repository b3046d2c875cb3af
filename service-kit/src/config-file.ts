import { readFileSync, statSync } from "node:fs";
import { LineCounter, parse, parseDocument } from "yaml";
import { ConfigError } from "./config-problems.ts";
import { type ConfigTree, isConfigTree } from "./config-tree.ts";

const MAX_FILE_BYTES = 1_048_576;

/** Reads a configuration file: YAML 1.2 without aliases, at most 1 MiB. Throws `ConfigError`. */
export function readConfigFile(file: string): ConfigTree {
  const text = readBounded(file);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  // The parser's own messages quote the text, which may hold a secret in the wrong place.
  const problems = document.errors.map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return { path: "", message: `${file}:${line}:${col}: not YAML (${error.code})` };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch {
    throw new ConfigError([{ path: "", message: `${file}: YAML aliases are not taken` }]);
  }
  if (!isConfigTree(tree)) throw new ConfigError([{ path: "", message: `${file}: must be a mapping` }]);
  return tree;
}

/** What an override's text says as YAML; the text itself when it says nothing. */
export function yamlOrText(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, logLevel: "silent" });
  } catch {
    return text;
  }
}

function readBounded(file: string): string {
  let size: number;
  try {
    size = statSync(file).size;
    if (size <= MAX_FILE_BYTES) return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([{ path: "", message: `${file} cannot be read (${code})` }]);
  }
  throw new ConfigError([{ path: "", message: `${file} has ${size} bytes, more than 1 MiB` }]);
}
