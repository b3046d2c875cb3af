import { open } from "node:fs/promises";
import { z } from "zod";
import type { SealingContext } from "../../backends/secret-sealer.ts";
import { ED25519_SCHEME } from "../schemes/scheme-ids.ts";
import type { SecretName } from "./secret-name.ts";

const MAX_FILE_BYTES = 16_384;

/** A master secret that was sealed under a key of a backend. Nothing in it is secret. */
export interface SealedMasterSecret extends SecretName {
  /** The type of the backend, for example "pkcs11". */
  readonly wrappedBy: string;
  readonly sealed: Uint8Array;
}

const fileSchema = z.strictObject({
  version: z.literal(1),
  scheme: z.string().min(1).max(64).default(ED25519_SCHEME),
  network: z.string().min(1).max(64),
  epoch: z.int().min(1),
  wrapped_by: z.string().min(1).max(64),
  sealed: z.base64url().min(1).max(12_000),
});

export function sealedFileText({ scheme, network, epoch, wrappedBy, sealed }: SealedMasterSecret): string {
  const file: z.input<typeof fileSchema> = {
    version: 1,
    scheme,
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
  const { wrapped_by: wrappedBy, sealed, scheme, network, epoch } = parsed.data;
  return { scheme, network, epoch, wrappedBy, sealed: Uint8Array.from(Buffer.from(sealed, "base64url")) };
}

/**
 * What the backend authenticates with the secret: a file cannot be used for another scheme, network or epoch. Secrets of
 * Ed25519 name no scheme: they were sealed when there was no other.
 */
export function sealingContext({ scheme, network, epoch }: SecretName): SealingContext {
  const context = { purpose: "countersign/master-secret/v1", network, epoch: `${epoch}` };
  return scheme === ED25519_SCHEME ? context : { ...context, scheme };
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
