export { Code } from "@connectrpc/connect";
export { createGrpcWebTransport } from "@connectrpc/connect-web";
export { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
export { CountersignError, type ErrorReasonName, errorOf } from "./countersign-error.ts";
export { createRelayClient, type RelayClient } from "./relay-client.ts";
export type { RelayClientOptions } from "./relay-transport.ts";
export type { Federation, MaybeFederation, RelayPeer } from "./submissions/federation.ts";
export { type AccessKeyView, nearRpc, type ViewAccessKey } from "./wallet/view-access-key.ts";
