import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { describe, expect, test } from "vitest";
import { startSmallRelay } from "./small-relay.ts";

type Question =
  | { case: "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType"; value: string }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: undefined };

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionAlpha],
] as const)("%s", (_, service) => {
  /** Asks all questions on one stream, each after the answer to the one before. */
  async function ask(...questions: Question[]) {
    const relay = await startSmallRelay();
    // Both versions have the same shape.
    const client = createClient(
      service as typeof ServerReflection,
      createGrpcTransport({ baseUrl: relay.address }),
    );
    let answered = Promise.withResolvers<void>();
    async function* requests() {
      for (const messageRequest of questions) {
        yield { host: "h", messageRequest };
        await answered.promise;
        answered = Promise.withResolvers<void>();
      }
    }
    const answers = [];
    for await (const answer of client.serverReflectionInfo(requests())) {
      answers.push(answer.messageResponse);
      answered.resolve();
    }
    return answers;
  }

  function fileNames(answer: Awaited<ReturnType<typeof ask>>[number] | undefined): string[] {
    if (answer?.case !== "fileDescriptorResponse") return [];
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
  }

  test("the types of our errors' details can be asked for", async () => {
    const [answer] = await ask({ case: "fileContainingSymbol", value: "google.rpc.ErrorInfo" });
    expect(fileNames(answer)).toContain("google/rpc/error_details.proto");
  });

  test("a file comes with everything that it imports, the validation rules included", async () => {
    const [answer] = await ask({
      case: "fileByFilename",
      value: "countersign/relay/v1/relay_service.proto",
    });
    expect(fileNames(answer).sort()).toEqual(
      [
        "buf/validate/validate.proto",
        "countersign/error/v1/error.proto",
        "countersign/relay/v1/delegate_check.proto",
        "countersign/relay/v1/relay.proto",
        "countersign/relay/v1/relay_service.proto",
        "countersign/relay/v1/submission.proto",
        "google/protobuf/descriptor.proto",
        "google/protobuf/duration.proto",
        "google/protobuf/field_mask.proto",
        "google/protobuf/timestamp.proto",
      ].sort(),
    );
  });

  test("services, methods, messages, fields, enums, values and extensions are found by name", async () => {
    const symbols = {
      "countersign.relay.v1.RelayService": "countersign/relay/v1/relay_service.proto",
      "countersign.relay.v1.RelayService.GetRelayInfo": "countersign/relay/v1/relay_service.proto",
      "countersign.relay.v1.Limits": "countersign/relay/v1/relay.proto",
      "countersign.relay.v1.Limits.max_gas": "countersign/relay/v1/relay.proto",
      "countersign.error.v1.ErrorReason": "countersign/error/v1/error.proto",
      "countersign.error.v1.ERROR_REASON_QUEUE_FULL": "countersign/error/v1/error.proto",
      "countersign.error.v1.reasons": "countersign/error/v1/error.proto",
    };
    const answers = await ask(
      ...Object.keys(symbols).map((value) => ({ case: "fileContainingSymbol" as const, value })),
    );
    expect(answers.map((a) => fileNames(a)[0])).toEqual(Object.values(symbols));
  });

  test("extensions are found by the type that they extend", async () => {
    const containingType = "google.protobuf.MethodOptions";
    const [numbers, file] = await ask(
      { case: "allExtensionNumbersOfType", value: containingType },
      { case: "fileContainingExtension", value: { containingType, extensionNumber: 52001 } },
    );
    expect(numbers).toMatchObject({ value: { baseTypeName: containingType, extensionNumber: [52001] } });
    expect(fileNames(file)[0]).toBe("countersign/error/v1/error.proto");
  });

  test("what is not there is answered as not found, and the stream goes on", async () => {
    const answers = await ask(
      { case: "fileByFilename", value: "no.proto" },
      { case: "fileContainingSymbol", value: "no.Such" },
      { case: "allExtensionNumbersOfType", value: "no.Such" },
      { case: "fileContainingExtension", value: { containingType: "no.Such", extensionNumber: 1 } },
      { case: undefined },
    );
    expect(answers.map((a) => a.case === "errorResponse" && a.value.errorCode)).toEqual([5, 5, 5, 5, 3]);
  });
});

test("a stream may ask a hundred questions and no more", async () => {
  const relay = await startSmallRelay();
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: relay.address }));
  async function* questions() {
    for (let i = 0; i < 101; i++) yield { messageRequest: { case: "listServices" as const, value: "" } };
  }
  let answers = 0;
  const ask = async () => {
    for await (const _ of client.serverReflectionInfo(questions())) answers++;
  };
  expect(await ask().catch(errorFromConnect)).toMatchObject({ reason: ErrorReason.OVERLOADED });
  expect(answers).toBe(100);
});

test("a question of more than 4 KiB is not read", async () => {
  const relay = await startSmallRelay();
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: relay.address }));
  async function* question() {
    yield { messageRequest: { case: "fileByFilename" as const, value: "x".repeat(5000) } };
  }
  const ask = async () => {
    for await (const _ of client.serverReflectionInfo(question()));
  };
  expect(await ask().catch(errorFromConnect)).toMatchObject({ reason: ErrorReason.REQUEST_TOO_LARGE });
});
