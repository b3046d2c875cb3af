import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

/** Where the signer listens: a Unix socket, or TCP with mutual TLS. */
export type SignerAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tls"; readonly url: string; readonly tls: ClientTls };

/** Files (PEM) of the certificate authority and of the relay's own certificate and key. */
export interface ClientTls {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Largest answer of the signer, in bytes: a full batch of the largest transactions. */
const READ_MAX_BYTES = 16 * 1024 * 1024;

/** A gRPC transport to the signer. Connections are opened when needed and again when lost. */
export function signerTransport(address: SignerAddress, timeoutMs: number): Transport {
  const common = { readMaxBytes: READ_MAX_BYTES, defaultTimeoutMs: timeoutMs, pingIntervalMs: 10_000 };
  if (address.kind === "unix") {
    return createGrpcTransport({
      ...common,
      baseUrl: "http://signer",
      nodeOptions: { createConnection: () => connect(address.path) },
    });
  }
  const { caFile, certFile, keyFile } = address.tls;
  return createGrpcTransport({
    ...common,
    baseUrl: address.url,
    nodeOptions: {
      ca: readFileSync(caFile),
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      minVersion: "TLSv1.3",
    },
  });
}
