import { create, createFileRegistry, type DescService } from "@bufbuild/protobuf";
import { EmptySchema, FileDescriptorProtoSchema, file_google_protobuf_empty } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { requestIdKey } from "./call-context.ts";
import { toConnectError } from "./connect-errors.ts";
import { DomainError } from "./domain-error.ts";

/**
 * Stands for whatever is called and not served, so that such a call goes through the same gate as all others, is
 * answered in its caller's protocol, and is told of. Its names are in no contract and served at no path.
 */
export const UnknownService = describeUnknownService();

/** Longest part of a path that an answer repeats, in characters. */
const MAX_PATH = 128;

/** Adds the handlers of `UnknownService` to a router; returns the one for a request, which it makes fit for it. */
export function unknownMethods(router: ConnectRouter): (request: UniversalServerRequest) => UniversalHandler {
  const [unary, stream] = router.service(UnknownService, {}).handlers.slice(-2);
  if (unary === undefined || stream === undefined) throw new Error("the router has made no handlers");
  return (request) => {
    const type = request.header.get("content-type") ?? "";
    if (request.method === "POST") {
      if (stream.supportedContentType(type)) return stream;
      if (unary.supportedContentType(type)) return unary;
    }
    // No RPC, as far as it can be told, or one of Connect's GETs: answered as a unary call of Connect's in JSON.
    request.method = "POST";
    request.header.set("content-type", "application/json");
    return unary;
  };
}

/** Ends a call to `UnknownService`, once its caller has been let in, with METHOD_UNKNOWN. */
export function assertKnown({ service, url, values }: HandlerContext): void {
  if (service.typeName !== UnknownService.typeName) return;
  const path = new URL(url).pathname.slice(0, MAX_PATH);
  const error = new DomainError(ErrorReason.METHOD_UNKNOWN, `no method is served at ${path}`);
  throw toConnectError(error, values.get(requestIdKey));
}

/** Connect's handlers speak of unary methods or of streams, never of both. */
function describeUnknownService(): DescService {
  const empty = `.${EmptySchema.typeName}`;
  const types = { inputType: empty, outputType: empty };
  const method = [
    { name: "Unknown", ...types },
    { name: "UnknownStream", ...types, serverStreaming: true },
  ];
  const file = create(FileDescriptorProtoSchema, {
    name: "countersign/unknown.proto",
    package: "countersign",
    syntax: "proto3",
    dependency: [file_google_protobuf_empty.proto.name],
    service: [{ name: "UnknownService", method }],
  });
  const described = createFileRegistry(file, () => file_google_protobuf_empty);
  const service = described.getService("countersign.UnknownService");
  if (service === undefined) throw new Error("the registry lacks what it was made of");
  return service;
}
