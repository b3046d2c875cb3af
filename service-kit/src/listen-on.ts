import { once } from "node:events";
import { chmod, lstat, unlink } from "node:fs/promises";
import net from "node:net";
import tls from "node:tls";
import type { ConnectionLimits } from "./connection-limits.ts";
import type { HttpEngines } from "./http-engines.ts";
import type { Secret } from "./secret.ts";

/** Where a server listens. `port` 0 takes a free one. */
export type ListenOn =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "tls"; readonly host: string; readonly port: number; readonly tls: TlsIdentity }
  /** A Unix socket that only this user may use (mode 0600). */
  | { readonly kind: "unix"; readonly path: string };

/** PEM texts. With `clientCa`, only clients with a certificate of that authority are let in (mutual TLS). */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: Secret<string>;
  readonly clientCa?: string;
}

/** The first bytes of an HTTP/2 connection without TLS, enough to tell it from any HTTP/1.1 method (RFC 9113). */
const HTTP2_PREFACE_START = Buffer.from("PRI");

/** Peers that vanished without a word are found out by TCP, also on connections that are quiet by right. */
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** False closes a connection as it comes, before TLS. `address` is undefined for a Unix socket. */
export type AdmitConnection = (address: string | undefined) => boolean;

/** A server that listens. */
export interface Listening {
  readonly server: net.Server;
  /**
   * Uses other certificates from the next connection on; those that stand go on with what they proved. Throws, and
   * keeps what there is, when these do not fit together, or when there is no TLS.
   */
  renewTls(identity: TlsIdentity): void;
}

/**
 * Listens, and hands each connection to the engine of its protocol: by ALPN with TLS, by its first bytes
 * without. Rejects when the address cannot be had.
 */
export async function listenOn(
  where: ListenOn,
  engines: HttpEngines,
  limits: ConnectionLimits,
  admit: AdmitConnection = () => true,
): Promise<Listening> {
  const secure = where.kind === "tls" ? tlsServer(where.tls, engines, limits, admit) : undefined;
  const server = secure ?? plainServer(engines, limits, admit);
  server.maxConnections = limits.maxConnections;
  if (where.kind === "unix") {
    await removeStaleSocket(where.path);
    // The mask makes the socket private from its first moment; listen binds before it returns.
    const mask = process.umask(0o177);
    try {
      server.listen(where.path);
    } finally {
      process.umask(mask);
    }
    await once(server, "listening");
    await chmod(where.path, 0o600);
  } else {
    server.listen(where.port, where.host);
    await once(server, "listening");
  }
  // Errors of accepting (too many open files) concern the next connection only.
  server.on("error", () => undefined);
  return {
    server,
    renewTls(identity) {
      if (secure === undefined) throw new Error("this address is served without TLS");
      secure.setSecureContext(secureContext(identity));
    },
  };
}

function plainServer(engines: HttpEngines, limits: ConnectionLimits, admit: AdmitConnection): net.Server {
  return net.createServer(SOCKET_OPTIONS, (socket) => {
    socket.on("error", () => socket.destroy());
    if (!admit(socket.remoteAddress)) return void socket.destroy();
    const timer = setTimeout(() => socket.destroy(), limits.headersTimeoutMs);
    socket.once("close", () => clearTimeout(timer));
    let seen = Buffer.alloc(0);
    const peek = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, HTTP2_PREFACE_START.length);
      const mayBeHttp2 = seen.subarray(0, length).equals(HTTP2_PREFACE_START.subarray(0, length));
      if (mayBeHttp2 && length < HTTP2_PREFACE_START.length) return;
      clearTimeout(timer);
      socket.off("data", peek);
      socket.pause();
      socket.unshift(seen);
      if (mayBeHttp2) {
        engines.serveHttp2(socket);
      } else {
        engines.serveHttp1(socket);
        socket.resume();
      }
    };
    socket.on("data", peek);
  });
}

/** What of a TLS server can change while it listens. */
function secureContext(identity: TlsIdentity) {
  return {
    cert: identity.cert,
    key: identity.key.reveal(),
    // Who needs a client certificate is a service of ours: nothing older has to be spoken with.
    minVersion: identity.clientCa === undefined ? ("TLSv1.2" as const) : ("TLSv1.3" as const),
    ...(identity.clientCa === undefined ? {} : { ca: identity.clientCa }),
  };
}

function tlsServer(
  identity: TlsIdentity,
  engines: HttpEngines,
  limits: ConnectionLimits,
  admit: AdmitConnection,
): tls.Server {
  const server = tls.createServer(
    {
      ...secureContext(identity),
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: limits.headersTimeoutMs,
      ...SOCKET_OPTIONS,
      ...(identity.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
    },
    (socket) => {
      socket.on("error", () => socket.destroy());
      if (socket.alpnProtocol === "h2") engines.serveHttp2(socket);
      else engines.serveHttp1(socket);
    },
  );
  server.on("connection", (socket: net.Socket) => {
    if (!admit(socket.remoteAddress)) socket.destroy();
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

/**
 * Removes the socket that a killed process left behind; refuses to take the place of one that still answers, or of
 * a file that is no socket.
 */
async function removeStaleSocket(path: string): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing === undefined) return;
  if (!existing.isSocket()) throw new Error(`${path} exists and is not a socket`);
  const probe = net.connect(path);
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    probe.once("connect", () => resolve(undefined));
    probe.once("error", resolve);
  });
  probe.destroy();
  if (failure?.code !== "ECONNREFUSED") throw new Error(`another process listens on ${path}`);
  await unlink(path);
}
