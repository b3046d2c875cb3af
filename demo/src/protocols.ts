import { type Client, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";

export type RelayClient = Client<typeof RelayService>;
export type Protocol = "Connect JSON" | "Connect binary" | "gRPC" | "gRPC-Web";

/** Clients of the same relay over each of the protocols that its one port speaks. */
export function relayClients(baseUrl: string): Record<Protocol, RelayClient> {
  return {
    "Connect JSON": createClient(
      RelayService,
      createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
    ),
    "Connect binary": createClient(
      RelayService,
      createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }),
    ),
    gRPC: createClient(RelayService, createGrpcTransport({ baseUrl })),
    "gRPC-Web": createClient(RelayService, createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  };
}
