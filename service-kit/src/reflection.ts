import { type DescExtension, type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { file_google_rpc_error_details } from "@countersign/gen/google/rpc/error_details_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { DomainError } from "./domain-error.ts";
import { type ServedService, serve } from "./served-service.ts";

type Question =
  | {
      case: "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType" | "listServices";
      value: string;
    }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: undefined; value?: undefined };

/**
 * gRPC server reflection, v1 and v1alpha, over the given services, everything that their files import, and our
 * errors' details.
 */
export function createReflection(services: readonly DescService[]): ServedService[] {
  const index = indexOf(services);
  const answer = (question: Question) => answerOf(index, question);
  return [
    serve(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of bounded(requests)) {
          const messageResponse = answer(request.messageRequest);
          yield { validHost: request.host, originalRequest: request, messageResponse };
        }
      },
    }),
    serve(ServerReflectionAlpha, {
      async *serverReflectionInfo(requests) {
        for await (const request of bounded(requests)) {
          const messageResponse = answer(request.messageRequest);
          yield { validHost: request.host, originalRequest: request, messageResponse };
        }
      },
    }),
  ];
}

/** Questions of one stream: a client that knows nothing asks for each service and a few types. */
const MAX_QUESTIONS = 100;

/** A stream is one call to whatever counts calls, so it may not ask without end. */
async function* bounded<T>(requests: AsyncIterable<T>): AsyncGenerator<T> {
  let asked = 0;
  for await (const request of requests) {
    if (++asked > MAX_QUESTIONS) {
      throw new DomainError(ErrorReason.OVERLOADED, `a stream may ask ${MAX_QUESTIONS} questions`);
    }
    yield request;
  }
}

interface Index {
  readonly serviceNames: string[];
  readonly byName: Map<string, DescFile>;
  readonly bySymbol: Map<string, DescFile>;
  readonly extensions: DescExtension[];
}

function indexOf(services: readonly DescService[]): Index {
  const all = [...services, ServerReflection, ServerReflectionAlpha];
  // The details of our errors are in no service's imports; clients that print them ask for their types.
  const roots = [...all.map((s) => s.file), file_google_rpc_error_details];
  const byName = new Map(withDependencies(roots).map((f) => [f.proto.name, f]));
  const bySymbol = new Map<string, DescFile>();
  const extensions: DescExtension[] = [];
  for (const file of byName.values()) {
    for (const type of nestedTypes(file)) {
      bySymbol.set(type.typeName, file);
      if (type.kind === "extension") extensions.push(type);
      if (type.kind === "service")
        for (const m of type.methods) bySymbol.set(`${type.typeName}.${m.name}`, file);
      if (type.kind === "message")
        for (const m of type.members) bySymbol.set(`${type.typeName}.${m.name}`, file);
      if (type.kind === "enum") {
        // Enum values are siblings of their enum in protobuf's scopes.
        const scope = type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1);
        for (const v of type.values) bySymbol.set(scope + v.name, file);
      }
    }
  }
  return { serviceNames: all.map((s) => s.typeName), byName, bySymbol, extensions };
}

function answerOf(index: Index, question: Question) {
  switch (question.case) {
    case "fileByFilename":
      return filesAnswer(index.byName.get(question.value), question.value);
    case "fileContainingSymbol":
      return filesAnswer(index.bySymbol.get(question.value), question.value);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const found = index.extensions.find(
        (e) => e.extendee.typeName === containingType && e.number === extensionNumber,
      );
      return filesAnswer(found?.file, `extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      if (!index.bySymbol.has(question.value)) return notFound(question.value);
      const of = index.extensions.filter((e) => e.extendee.typeName === question.value);
      const value = { baseTypeName: question.value, extensionNumber: of.map((e) => e.number) };
      return { case: "allExtensionNumbersResponse" as const, value };
    }
    case "listServices": {
      const value = { service: index.serviceNames.map((name) => ({ name })) };
      return { case: "listServicesResponse" as const, value };
    }
    default: {
      const value = { errorCode: Code.InvalidArgument, errorMessage: "no question" };
      return { case: "errorResponse" as const, value };
    }
  }
}

/** A file with everything that it imports, so that a client can build its types from one answer. */
function filesAnswer(file: DescFile | undefined, asked: string) {
  if (file === undefined) return notFound(asked);
  const files = withDependencies([file]).map(serialized);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto: files } };
}

const serializedFiles = new WeakMap<DescFile, Uint8Array<ArrayBuffer>>();

/** Each file once: some are large, and anybody may ask. */
function serialized(file: DescFile): Uint8Array<ArrayBuffer> {
  const known = serializedFiles.get(file);
  if (known !== undefined) return known;
  const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
  serializedFiles.set(file, bytes);
  return bytes;
}

function notFound(asked: string) {
  const value = { errorCode: Code.NotFound, errorMessage: `not found: ${asked}` };
  return { case: "errorResponse" as const, value };
}

function withDependencies(files: readonly DescFile[], seen = new Set<DescFile>()): DescFile[] {
  for (const file of files) {
    if (seen.has(file)) continue;
    seen.add(file);
    withDependencies(file.dependencies, seen);
  }
  return [...seen];
}
