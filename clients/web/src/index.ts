export { Code } from "@connectrpc/connect";
export { createGrpcWebTransport } from "@connectrpc/connect-web";
export { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
export { CountersignError, type ErrorReasonName, errorOf } from "./countersign-error.ts";
export { createRelayClient, type RelayClient } from "./relay-client.ts";
export type { RelayClientOptions } from "./relay-transport.ts";
