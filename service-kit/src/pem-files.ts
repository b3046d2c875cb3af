import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import tls from "node:tls";
import type { Secret } from "./secret.ts";
import { readSecret } from "./secret-reference.ts";

/** Paths of PEM files: the authority of the peers, and the own certificate (intermediate ones after it) and key. */
export interface PemFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** What such files hold. */
export interface PemIdentity {
  readonly ca: string;
  readonly cert: string;
  readonly key: Secret<string>;
}

/**
 * Reads the three files and sees that they can be used: the key is the certificate's, is private to its owner, and the
 * certificate has not expired at `now`. Throws an Error that says which file is the trouble.
 */
export function readPemFiles(files: PemFiles, now: Date): PemIdentity {
  const ca = readPem(files.caFile);
  const cert = readPem(files.certFile);
  const key = readSecret(`file:${files.keyFile}`, {});
  try {
    tls.createSecureContext({ ca, cert, key: key.reveal() });
  } catch (error) {
    // The message of the TLS library may quote what it read; its code does not.
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new Error(`${files.certFile} and ${files.keyFile} cannot be used together (${code})`);
  }
  const { validToDate } = new X509Certificate(cert);
  if (validToDate <= now) throw new Error(`${files.certFile} expired on ${validToDate.toISOString()}`);
  return { ca, cert, key };
}

/** Whether two say the same. */
export function samePem(a: PemIdentity, b: PemIdentity): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key.reveal() === b.key.reveal();
}

function readPem(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`${file} holds no PEM certificate`);
  return text;
}
