import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import type { Stack } from "./stack.ts";

export type RelayClient = Client<typeof RelayService>;

/** A node HTTP/2 server takes more streams, but one connection is one TCP window and one parser. */
export const CALLS_A_CONNECTION = 64;
const CALL_TIMEOUT_MS = 30_000;

/** Clients over Connect with protobuf bytes on HTTP/2, enough connections for `concurrency` calls in flight. */
export function relayClients(
  { relayUrl: baseUrl, apiKey }: Pick<Stack, "relayUrl" | "apiKey">,
  concurrency: number,
): RelayClient[] {
  const presenting: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    return next(request);
  };
  return Array.from({ length: Math.ceil(concurrency / CALLS_A_CONNECTION) }, () =>
    createClient(
      RelayService,
      createConnectTransport({
        baseUrl,
        interceptors: [presenting],
        httpVersion: "2",
        useBinaryFormat: true,
        defaultTimeoutMs: CALL_TIMEOUT_MS,
      }),
    ),
  );
}
