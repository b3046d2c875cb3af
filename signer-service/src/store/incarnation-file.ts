import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { fromHex, NO_HASH, toHex } from "../chain/hash-text.ts";
import type { ChainHead } from "./chain-head.ts";

/** Written whole and in place, in one piece that no file system splits: a kill leaves the old or the new one. */
const RECORD_BYTES = 512;

/** What stands beside a SQLite store and in no backup of it. */
export interface IncarnationRecord {
  readonly incarnation: string;
  /** The database's file, as `fileIdentity` gives it. */
  readonly database: string;
  /** The journal's end some time ago, at most a second while the signer runs. */
  readonly seen: ChainHead;
  /** Likewise, how far threshold signing had come. */
  readonly threshold: ChainHead;
}

const sequence = z.string().regex(/^[0-9]{1,19}$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const recordSchema = z
  .strictObject({
    incarnation: z.uuid(),
    database: z.string().max(64),
    sequence,
    hash,
    // Absent in files that were written before there was threshold signing.
    threshold_sequence: sequence.default("0"),
    threshold_hash: hash.default(toHex(NO_HASH)),
  })
  .transform(
    (record): IncarnationRecord => ({
      incarnation: record.incarnation,
      database: record.database,
      seen: { sequence: BigInt(record.sequence), hash: fromHex(record.hash) },
      threshold: {
        sequence: BigInt(record.threshold_sequence),
        hash: fromHex(record.threshold_hash),
      },
    }),
  );

/** The file, open. It is never replaced: the database knows it by its inode. */
export class IncarnationFile {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Makes an empty one, which only the signer's user may read, where there is none. A link is refused. */
  static async open(path: string): Promise<IncarnationFile> {
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    const folder = await open(dirname(path));
    await folder.sync().finally(() => folder.close());
    return new IncarnationFile(file);
  }

  /** Undefined for a file that is new or broken. */
  async read(): Promise<IncarnationRecord | undefined> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(RECORD_BYTES), 0, RECORD_BYTES, 0);
    try {
      return recordSchema.safeParse(JSON.parse(buffer.toString("utf8", 0, bytesRead))).data;
    } catch {
      return undefined;
    }
  }

  /** On disk when it resolves. */
  async write({ incarnation, database, seen, threshold }: IncarnationRecord): Promise<void> {
    const record = {
      incarnation,
      database,
      sequence: `${seen.sequence}`,
      hash: toHex(seen.hash),
      threshold_sequence: `${threshold.sequence}`,
      threshold_hash: toHex(threshold.hash),
    };
    const bytes = Buffer.from(`${JSON.stringify(record).padEnd(RECORD_BYTES - 1)}\n`);
    await this.#file.write(bytes, 0, RECORD_BYTES, 0);
    await this.#file.datasync();
  }

  async identity(): Promise<string> {
    return identityOf(await this.#file.stat({ bigint: true }));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** What a file keeps when it is renamed and written to, and a copy of it does not have. */
export async function fileIdentity(path: string): Promise<string> {
  return identityOf(await stat(path, { bigint: true }));
}

/** The inode's number alone could be another file's on another disk. */
function identityOf({ ino, birthtimeNs }: { ino: bigint; birthtimeNs: bigint }): string {
  return `${ino}:${birthtimeNs}`;
}
