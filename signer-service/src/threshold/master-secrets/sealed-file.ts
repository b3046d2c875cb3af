import { open } from "node:fs/promises";
import { z } from "zod";
import type { SealingContext } from "../../backends/secret-sealer.ts";

const MAX_FILE_BYTES = 16_384;

/** A master secret that was sealed under a key of a backend. Nothing in it is secret. */
export interface SealedMasterSecret {
  readonly network: string;
  readonly epoch: number;
  /** The type of the backend, for example "pkcs11". */
  readonly wrappedBy: string;
  readonly sealed: Uint8Array;
}

const fileSchema = z.strictObject({
  version: z.literal(1),
  network: z.string().min(1).max(64),
  epoch: z.int().min(1),
  wrapped_by: z.string().min(1).max(64),
  sealed: z.base64url().min(1).max(12_000),
});

export function sealedFileText({ network, epoch, wrappedBy, sealed }: SealedMasterSecret): string {
  const file: z.input<typeof fileSchema> = {
    version: 1,
    network,
    epoch,
    wrapped_by: wrappedBy,
    sealed: Buffer.from(sealed).toString("base64url"),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Throws an Error for the operator. */
export async function readSealedFile(path: string): Promise<SealedMasterSecret> {
  const parsed = fileSchema.safeParse(jsonOf(await readBounded(path)));
  if (!parsed.success) throw new Error(`${path} is no sealed master secret`);
  const { network, epoch, wrapped_by: wrappedBy, sealed } = parsed.data;
  return { network, epoch, wrappedBy, sealed: Uint8Array.from(Buffer.from(sealed, "base64url")) };
}

/** What the backend authenticates with the secret: a file cannot be used for another network or epoch. */
export function sealingContext(network: string, epoch: number): SealingContext {
  return { purpose: "countersign/master-secret/v1", network, epoch: `${epoch}` };
}

async function readBounded(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FILE_BYTES + 1), 0, MAX_FILE_BYTES + 1, 0);
    if (bytesRead <= MAX_FILE_BYTES) return buffer.toString("utf8", 0, bytesRead);
  } catch (cause) {
    throw new Error(`${path} cannot be read`, { cause });
  }
  throw new Error(`${path} has more than ${MAX_FILE_BYTES} bytes`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
