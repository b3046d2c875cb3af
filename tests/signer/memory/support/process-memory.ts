import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { Needles } from "./needles.ts";

/** Bytes that are read at once. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** What a process's memory was found to hold. */
export interface MemoryScan {
  /** Names of needles. */
  readonly found: ReadonlySet<string>;
  /** Bytes that were looked at. */
  readonly read: number;
  /** Bytes of readable mappings that could not be read. */
  readonly unread: number;
}

interface Mapping {
  readonly start: number;
  readonly end: number;
}

/** Looks through all that a process can read of its own memory, while it stands still. */
export async function scanMemory(pid: number, needles: Needles): Promise<MemoryScan> {
  await standStill(pid);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const found = new Set<string>();
    let [read, unread] = [0, 0];
    for (const { start, end } of readableMappings(pid)) {
      for (let at = start; at < end; ) {
        const length = readAt(memory, buffer, at, end);
        for (const name of needles.foundIn(buffer.subarray(0, length))) found.add(name);
        read += length;
        if (at + length === end) break;
        if (length < needles.longest) {
          unread += end - at - length;
          break;
        }
        // The next chunk begins with what may be a needle's first part.
        at += length - (needles.longest - 1);
      }
    }
    return { found, read, unread };
  } finally {
    closeSync(memory);
    process.kill(pid, "SIGCONT");
  }
}

/** The files that a process has open now, and those that it has mapped: its libraries are among them. */
export function filesOf(pid: number): string[] {
  const open = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`) ?? []);
  const mapped = mappingLines(pid).flatMap((line) => /\/.*$/.exec(line)?.[0] ?? []);
  return [...new Set([...open, ...mapped])];
}

/** Undefined for one that is gone: a process closes files while they are listed. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

async function standStill(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  const isStopped = (task: string) =>
    /^State:\s+[tT]/m.test(readFileSync(`/proc/${pid}/task/${task}/status`, "utf8"));
  while (!readdirSync(`/proc/${pid}/task`).every(isStopped)) await turn();
}

function* readableMappings(pid: number): Generator<Mapping> {
  for (const line of mappingLines(pid)) {
    // The kernel's own pages, which every process has and none can write to.
    if (/\[(vvar|vvar_vclock|vsyscall)\]$/.test(line)) continue;
    const [, start = "", end = ""] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? [];
    if (start !== "") yield { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) };
  }
}

function mappingLines(pid: number): string[] {
  return readFileSync(`/proc/${pid}/maps`, "utf8").trimEnd().split("\n");
}

/** Fills the buffer as far as the mapping goes; gives the bytes that were read, fewer where the kernel gives no more. */
function readAt(memory: number, buffer: Buffer, start: number, end: number): number {
  const wanted = Math.min(buffer.length, end - start);
  let length = 0;
  while (length < wanted) {
    let got = 0;
    try {
      got = readSync(memory, buffer, length, wanted - length, start + length);
    } catch (error) {
      // A page that cannot be had: what a mapped file has no more, for example.
      if ((error as NodeJS.ErrnoException).code !== "EIO") throw error;
    }
    if (got === 0) break;
    length += got;
  }
  return length;
}
