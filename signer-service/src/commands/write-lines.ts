import { open } from "node:fs/promises";

/**
 * Writes an export to standard output, or to a new file that only this user may read. Throws an Error when the file
 * exists; one that could not be finished has no end and does not verify.
 */
export async function writeLines(lines: AsyncIterable<string>, out: string | undefined): Promise<void> {
  if (out === undefined) {
    for await (const line of lines) {
      if (!process.stdout.write(line)) await new Promise((resume) => process.stdout.once("drain", resume));
    }
    return;
  }
  const file = await open(out, "wx", 0o600);
  try {
    await file.writeFile(lines);
    await file.sync();
  } finally {
    await file.close();
  }
}
