import { type ListenOn, readPemFiles } from "@countersign/service-kit";
import type { ListenConfig } from "./listen-schema.ts";
import { checkUnixSocketPath } from "./unix-socket-path.ts";

/**
 * The address to listen on, checked and with its PEM files read. Throws an Error for an unsafe socket path, a
 * file that cannot be read, a private key that everybody may read or that is not the certificate's, and for a
 * certificate that has expired.
 */
export async function resolveListenOn(listen: ListenConfig, now: Date = new Date()): Promise<ListenOn> {
  if (listen.kind === "unix") {
    await checkUnixSocketPath(listen.path);
    return listen;
  }
  const { host, port, tls } = listen;
  const { ca, cert, key } = readPemFiles(tls, now);
  return { kind: "tls", host, port, tls: { clientCa: ca, cert, key } };
}
