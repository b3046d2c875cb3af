import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

/** A hash that a key was about to sign, both in text. */
export interface Signing {
  readonly publicKey: string;
  readonly hash: string;
}

/** What signers wrote down before they did it: all of it may have been done, and nothing else was. */
export interface Records {
  readonly signings: readonly Signing[];
  /** Ids of the grants that the journal let pass, once for each time. */
  readonly passedGrants: readonly string[];
}

/** A file that has on disk what its process is about to do. */
export class RecordFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  signs({ publicKey, hash }: Signing): void {
    this.#append(`signs ${publicKey} ${hash}\n`);
  }

  passed(grants: readonly string[]): void {
    if (grants.length > 0) this.#append(grants.map((id) => `passed ${id}\n`).join(""));
  }

  #append(lines: string): void {
    writeSync(this.#file, lines);
    fsyncSync(this.#file);
  }
}

/** What all lives of the signers with this file have written. */
export function readRecords(path: string): Records {
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const signings: Signing[] = [];
  const passedGrants: string[] = [];
  for (const line of lines) {
    const [verb, first = "", hash = ""] = line.split(" ");
    if (verb === "signs") signings.push({ publicKey: first, hash });
    if (verb === "passed") passedGrants.push(first);
  }
  return { signings, passedGrants };
}
