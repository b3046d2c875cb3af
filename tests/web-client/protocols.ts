import { createGrpcWebTransport, type RelayClientOptions } from "@countersign/web";

/** What the client speaks, with the options that make it do so. */
export const PROTOCOLS: readonly [string, Pick<RelayClientOptions, "format" | "transport">][] = [
  ["Connect, binary", {}],
  ["Connect, JSON", { format: "json" }],
  ["gRPC-Web", { transport: createGrpcWebTransport }],
];
