import { readFile } from "node:fs/promises";
import { type ListenOn, readSecret } from "@countersign/service-kit";
import type { ListenConfig } from "../config.ts";
import { checkUnixSocketPath } from "./unix-socket-path.ts";

/**
 * The address to listen on, checked and with its PEM files read. Throws an Error for an unsafe socket path, a
 * file that cannot be read, or a private key that everybody may read.
 */
export async function resolveListenOn(listen: ListenConfig): Promise<ListenOn> {
  if (listen.kind === "unix") {
    await checkUnixSocketPath(listen.path);
    return listen;
  }
  const { host, port, tls } = listen;
  const [clientCa, cert] = await Promise.all([readPem(tls.caFile), readPem(tls.certFile)]);
  return { kind: "tls", host, port, tls: { clientCa, cert, key: readSecret(`file:${tls.keyFile}`, {}) } };
}

async function readPem(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read (${error.code})`);
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`${file} holds no PEM certificate`);
  return text;
}
