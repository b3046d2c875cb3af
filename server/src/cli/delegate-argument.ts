import { existsSync, readFileSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

/** A SignedDelegate's bytes: of a file that holds them or their base64, or of the base64 itself. */
export function delegateBytes(fileOrBase64: string): Uint8Array {
  if (!existsSync(fileOrBase64)) {
    const bytes = fromBase64(fileOrBase64);
    if (bytes === undefined) throw new UsageError("--delegate is neither a file nor base64");
    return bytes;
  }
  const content = readFileSync(fileOrBase64);
  return fromBase64(content.toString("latin1").trim()) ?? content;
}

function fromBase64(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined;
}
