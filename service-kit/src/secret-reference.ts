import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";
import { Secret } from "./secret.ts";

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A secret is at most this many bytes. */
const MAX_SECRET_BYTES = 65_536;

const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s;

/** A secret of the configuration, with what may be shown of it: its reference, or a redacted form. */
export class ConfigSecret extends Secret<string> {
  readonly shown: string;

  constructor(value: string, shown: string) {
    super(value);
    this.shown = shown;
  }
}

/** True for "env:NAME" and "file:PATH". */
export function isSecretReference(text: string): boolean {
  return REFERENCE.test(text);
}

/**
 * Reads what a reference points to: an environment variable that is set and not empty, or a file of at most
 * 64 KiB which others on the machine may neither read nor write. One newline at the end is cut off.
 *
 * Throws an error whose message names the reference and never what it points to, or what was given instead.
 */
export function readSecret(reference: string, env: Environment): ConfigSecret {
  if (!isSecretReference(reference)) {
    throw new Error('must be a reference, "env:NAME" or "file:PATH"; a secret itself is not taken here');
  }
  const kind = reference.slice(0, reference.indexOf(":"));
  const target = reference.slice(kind.length + 1);
  const text = kind === "env" ? env[target] : readPrivateFile(target);
  const value = text?.replace(/\r?\n$/, "") ?? "";
  if (value === "") throw new Error(`${reference} is ${text === undefined ? "not set" : "empty"}`);
  if (Buffer.byteLength(value) > MAX_SECRET_BYTES) throw new Error(`${reference} is larger than 64 KiB`);
  return new ConfigSecret(value, reference);
}

/** A configuration field that is a secret: takes a reference, gives what it points to. */
export function secretField(env: Environment) {
  return z.string().transform((reference, context) => {
    try {
      return readSecret(reference, env);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });
}

function readPrivateFile(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new Error(`file:${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const { mode, size } = fstatSync(file);
    if ((mode & 0o007) !== 0) throw new Error(`file:${path} is open to everybody: chmod it to 0600`);
    if (size > MAX_SECRET_BYTES) throw new Error(`file:${path} is larger than 64 KiB`);
    const buffer = Buffer.alloc(MAX_SECRET_BYTES + 1);
    return buffer.subarray(0, readSync(file, buffer)).toString("utf8");
  } finally {
    closeSync(file);
  }
}
