import grpc from "@grpc/grpc-js";
import { GrpcReflection } from "grpc-js-reflection-client";
import { expect, onTestFinished, test } from "vitest";
import { startSmallRelay } from "./small-relay.ts";

const insecure = grpc.credentials.createInsecure();

/** A relay's client that learns everything from the server's reflection. */
async function learn() {
  const relay = await startSmallRelay();
  const host = new URL(relay.address).host;
  const reflection = new GrpcReflection(host, insecure);
  const descriptor = await reflection.getDescriptorBySymbol("countersign.relay.v1.RelayService");
  const found = descriptor.getPackageObject() as unknown as Packages;
  const client = new found.countersign.relay.v1.RelayService(host, insecure);
  onTestFinished(() => client.close());
  const unary = (method: string, request: unknown) =>
    new Promise((resolve, reject) => {
      const done = (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer));
      client.makeUnaryRequest.call(client, ...pathAndCodec(found, method), request, done);
    });
  const stream = (method: string, request: unknown): AsyncIterable<unknown> =>
    client.makeServerStreamRequest.call(client, ...pathAndCodec(found, method), request);
  return { unary, stream };
}

interface Packages {
  countersign: { relay: { v1: { RelayService: grpc.ServiceClientConstructor } } };
}

function pathAndCodec(found: Packages, method: string) {
  const definition = found.countersign.relay.v1.RelayService.service[method];
  if (definition === undefined) throw new Error(`reflection did not tell of ${method}`);
  const { path, requestSerialize, responseDeserialize } = definition;
  return [path, requestSerialize, responseDeserialize] as const;
}

test("reflection lists every service", async () => {
  const relay = await startSmallRelay();
  const services = await new GrpcReflection(new URL(relay.address).host, insecure).listServices();
  expect([...services].sort()).toEqual([
    "countersign.relay.v1.RelayService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
  ]);
});

test("a grpc-js client that knows nothing calls and watches by reflection", async () => {
  const { unary, stream } = await learn();
  expect(await unary("GetRelayInfo", {})).toMatchObject({ network: "testnet" });
  const messages: unknown[] = [];
  for await (const message of stream("WatchSubmission", { submission_id: "s" })) messages.push(message);
  expect(messages).toMatchObject([{ cursor: "1" }, { cursor: "2" }]);
});

test("a grpc-js client gets the code and the message of an error", async () => {
  const { unary } = await learn();
  await expect(unary("GetTransaction", { network: "testnet", hash: "1".repeat(44) })).rejects.toMatchObject({
    code: grpc.status.UNAVAILABLE,
    details: "no endpoint answered",
  });
});

test("a method that the server does not have is UNIMPLEMENTED to grpc-js", async () => {
  const relay = await startSmallRelay();
  const client = new grpc.Client(new URL(relay.address).host, insecure);
  onTestFinished(() => client.close());
  const call = new Promise((_, reject) => {
    const same = (bytes: Buffer) => bytes;
    client.makeUnaryRequest("/no.Service/Method", same, same, Buffer.alloc(0), (error) => reject(error));
  });
  await expect(call).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
});
