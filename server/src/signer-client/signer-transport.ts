import { randomBytes } from "node:crypto";
import type { SecureClientSessionOptions } from "node:http2";
import { connect } from "node:net";
import type { Transport } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-connect";
import { createNodeHttpClient } from "@connectrpc/connect-node";
import type { PemFiles, Secret } from "@countersign/service-kit";
import { RenewedSessions } from "./renewed-sessions.ts";
import { signingHttpClient } from "./request-signing.ts";
import { SignerSessions } from "./signer-sessions.ts";

/** Where the signer listens: a Unix socket, or TCP with mutual TLS. */
export type SignerAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tls"; readonly url: string; readonly tls: PemFiles };

/** How requests are signed, for a signer that asks for it. */
export interface SignedRequests {
  /** The name that the signer knows this service by. */
  readonly service: string;
  readonly keyId: string;
  /** At least 32 bytes. */
  readonly secret: Secret<string>;
  /** The signer's own name for itself. */
  readonly audience: string;
}

export interface SignerTransportOptions {
  readonly address: SignerAddress;
  readonly timeoutMs: number;
  readonly signedRequests?: SignedRequests | undefined;
  readonly now: () => Date;
  /** Told once of certificate files that changed and cannot be used; calls go on with the old ones. */
  readonly onBadFiles: (error: Error) => void;
}

/** Largest call and answer, in bytes: a full batch of the largest transactions. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * A transport to the signer, over the Connect protocol: a call of one message costs both sides half of what gRPC does
 * (decision 24). Connections are opened when needed and again when lost; certificates are read again when their files
 * change. Throws an Error when the files cannot be used.
 */
export function signerTransport(options: SignerTransportOptions): Transport {
  const { address, timeoutMs, signedRequests, now } = options;
  const sessions = sessionsTo(address, options);
  const plain = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessions });
  return createTransport({
    httpClient: signedRequests === undefined ? plain : signing(plain, signedRequests, now),
    baseUrl: address.kind === "unix" ? sessions.authority : address.url,
    defaultTimeoutMs: timeoutMs,
    readMaxBytes: MAX_BYTES,
    writeMaxBytes: MAX_BYTES,
    useBinaryFormat: true,
    useHttpGet: false,
    interceptors: [],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: MAX_BYTES,
  });
}

function signing(plain: UniversalClientFn, signed: SignedRequests, now: () => Date): UniversalClientFn {
  const { service, keyId, secret, audience } = signed;
  const key = { id: keyId, service, secret };
  return signingHttpClient(plain, { key, audience, maxBytes: MAX_BYTES, now, randomBytes });
}

function sessionsTo(address: SignerAddress, { now, onBadFiles }: SignerTransportOptions) {
  if (address.kind === "unix") {
    return sessionManager("http://signer", { createConnection: () => connect(address.path) });
  }
  return new RenewedSessions({
    files: address.tls,
    now,
    onBadFiles,
    connect: ({ ca, cert, key }) =>
      sessionManager(address.url, { ca, cert, key: key.reveal(), minVersion: "TLSv1.3" }),
  });
}

const sessionManager = (url: string, options: SecureClientSessionOptions) =>
  new SignerSessions(url, { pingIntervalMs: 10_000 }, options);
