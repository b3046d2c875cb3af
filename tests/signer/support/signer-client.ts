import { readFileSync } from "node:fs";
import type { SecureClientSessionOptions } from "node:http2";
import net from "node:net";
import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";

/** gRPC to "unix:/path". */
export function unixTransport(address: string, interceptors: Interceptor[] = []): Transport {
  const path = address.slice("unix:".length);
  const nodeOptions = { createConnection: () => net.connect(path) };
  return createGrpcTransport({ baseUrl: "http://localhost", nodeOptions, interceptors });
}

/** gRPC to "https://…" as the client whose PEM files these are. */
export function tlsTransport(
  address: string,
  files: { ca: string; clientCert?: string; clientKey?: string },
  options: SecureClientSessionOptions = {},
): Transport {
  const nodeOptions: SecureClientSessionOptions = { ca: readFileSync(files.ca), ...options };
  if (files.clientCert !== undefined) nodeOptions.cert = readFileSync(files.clientCert);
  if (files.clientKey !== undefined) nodeOptions.key = readFileSync(files.clientKey);
  return createGrpcTransport({ baseUrl: address, nodeOptions });
}

export const signerClient = (transport: Transport) => createClient(RelayerSignerService, transport);
