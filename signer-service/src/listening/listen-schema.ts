import { z } from "zod";

const path = z.string().min(1).max(4096);

const tlsSchema = z.strictObject({ ca_file: path, cert_file: path, key_file: path });

/** Paths of PEM files: the authority of the clients, and the signer's own pair. */
export interface TlsFiles {
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** Where the signer listens: a Unix socket, or TCP with mutual TLS. */
export type ListenConfig =
  | { kind: "unix"; path: string }
  | { kind: "tls"; host: string; port: number; tls: TlsFiles };

/** The section `listen` of the configuration, and of `admin`. */
export const listenSchema = z
  .strictObject({
    /** sockaddr_un holds 108 bytes on Linux and 104 elsewhere, the final zero included. */
    unix: path.max(103).startsWith("/", "must be an absolute path").optional(),
    host: z.string().min(1).max(255).optional(),
    port: z.int().min(0).max(65_535).optional(),
    tls: tlsSchema.optional(),
  })
  .transform(({ unix, host, port, tls }, context): ListenConfig => {
    const refuse = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (unix !== undefined) {
      return host === undefined && port === undefined && tls === undefined
        ? { kind: "unix", path: unix }
        : refuse("takes either unix, or host, port and tls");
    }
    if (host === undefined || port === undefined) return refuse("needs unix, or host, port and tls");
    if (tls === undefined) return refuse("needs tls: the signer does not listen on TCP without it");
    const files = { caFile: tls.ca_file, certFile: tls.cert_file, keyFile: tls.key_file };
    return { kind: "tls", host, port, tls: files };
  });
