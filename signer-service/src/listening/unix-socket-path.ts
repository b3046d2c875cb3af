import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";

const GROUP_OR_OTHERS_MAY_WRITE = 0o022;
const ROOT = 0;

/**
 * Refuses a path where somebody else could put a socket of their own, or where something that is no socket
 * would be replaced: the directory is this user's or root's, writable by the owner alone.
 */
export async function checkUnixSocketPath(path: string): Promise<void> {
  const directory = dirname(path);
  const parent = await stat(directory).catch(() => null);
  if (parent === null || !parent.isDirectory()) throw new Error(`${directory} is not a directory`);
  if (parent.uid !== ROOT && parent.uid !== process.getuid?.()) {
    throw new Error(`${directory} belongs to another user; the signer's socket needs a directory of its own`);
  }
  if ((parent.mode & GROUP_OR_OTHERS_MAY_WRITE) !== 0) {
    throw new Error(`group or others may write to ${directory}; the signer's socket needs one of its own`);
  }
  const existing = await lstat(path).catch(() => null);
  if (existing !== null && !existing.isSocket()) throw new Error(`${path} exists and is not a socket`);
}
