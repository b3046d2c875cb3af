import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";

export type RelayClient = Client<typeof RelayService>;
export type Protocol = "Connect JSON" | "Connect binary" | "gRPC" | "gRPC-Web";

/** Clients of the same relay over each of the protocols that its one port speaks, with an API key or without. */
export function relayClients(baseUrl: string, apiKey?: string): Record<Protocol, RelayClient> {
  const interceptors = apiKey === undefined ? [] : [presenting(apiKey)];
  return {
    "Connect JSON": createClient(
      RelayService,
      createConnectTransport({ baseUrl, interceptors, httpVersion: "1.1", useBinaryFormat: false }),
    ),
    "Connect binary": createClient(
      RelayService,
      createConnectTransport({ baseUrl, interceptors, httpVersion: "2", useBinaryFormat: true }),
    ),
    gRPC: createClient(RelayService, createGrpcTransport({ baseUrl, interceptors })),
    "gRPC-Web": createClient(
      RelayService,
      createGrpcWebTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
    ),
  };
}

function presenting(apiKey: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    return next(request);
  };
}
