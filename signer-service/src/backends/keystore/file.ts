import { constants } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { type KeystoreContents, MAX_FILE_BYTES, parseKeystore } from "./format.ts";
import { KeystoreError } from "./keystore-error.ts";

const OTHERS_MAY_READ_OR_WRITE = 0o077;

/**
 * Reads a keystore file; null if there is none. Refuses with a KeystoreError a file that group or others may
 * read or write, that is not a regular file, or that is too large.
 */
export async function readKeystoreFile(path: string): Promise<KeystoreContents | null> {
  let handle: FileHandle;
  try {
    // Non-blocking, so that a FIFO in its place is refused rather than waited for.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw new KeystoreError(`the keystore ${path} cannot be opened`, { cause: error });
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new KeystoreError(`the keystore ${path} is not a regular file`);
    if ((stat.mode & OTHERS_MAY_READ_OR_WRITE) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
      throw new KeystoreError(
        `the keystore ${path} has mode ${mode}: group or others may use it; run chmod 600 on it`,
      );
    }
    if (stat.size > MAX_FILE_BYTES) throw new KeystoreError(`the keystore ${path} is too large`);
    return parseKeystore(await handle.readFile("utf8"));
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a keystore file by what `update` makes of it (null: there is none), or leaves it as it was: the new
 * one is complete on disk before it takes the name. The temporary file is also the lock between processes.
 */
export async function updateKeystoreFile(
  path: string,
  update: (contents: KeystoreContents | null) => Promise<KeystoreContents>,
): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await openExclusively(temporary, path);
  try {
    const text = `${JSON.stringify(await update(await readKeystoreFile(path)), null, 2)}\n`;
    // Nothing is written that could not be read back.
    parseKeystore(text);
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close();
    await unlink(temporary);
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function openExclusively(temporary: string, path: string): Promise<FileHandle> {
  try {
    return await open(temporary, "wx", 0o600);
  } catch (error) {
    const message = hasCode(error, "EEXIST")
      ? `another process is writing the keystore ${path}; if none is, remove ${temporary}`
      : `the keystore ${path} cannot be written`;
    throw new KeystoreError(message, { cause: error });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
