import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import { load } from "@grpc/proto-loader";
import { GrpcReflection } from "grpc-js-reflection-client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { AUTH } from "../support/test-tenant.ts";
import { WalletScript } from "./calls.ts";

const insecure = grpc.credentials.createInsecure();
const SERVICE = "countersign.relay.v1.RelayService";
const OPTIONS = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };

/** Of the test tenant's calls. */
function credentials(): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(AUTH)) metadata.set(name, value);
  return metadata;
}

type Message = Record<string, unknown>;
type Definitions = Readonly<Record<string, grpc.MethodDefinition<Message, Message>>>;

/** A gRPC client that knows a service by definitions that were made at run time. */
class RuntimeClient {
  readonly #client: grpc.Client;
  readonly #methods: Definitions;

  constructor(host: string, methods: Definitions) {
    this.#client = new grpc.Client(host, insecure);
    this.#methods = methods;
    onTestFinished(() => this.#client.close());
  }

  unary(name: string, request: Message, metadata = credentials()): Promise<Message> {
    const { path, requestSerialize, responseDeserialize } = this.#method(name);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
      );
    });
  }

  stream(name: string, request: Message): grpc.ClientReadableStream<Message> {
    const { path, requestSerialize, responseDeserialize } = this.#method(name);
    return this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      credentials(),
    );
  }

  #method(name: string) {
    return this.#methods[name] ?? expect.fail(`no method ${name}`);
  }
}

/** Reads a stream to its end. */
async function read(stream: grpc.ClientReadableStream<Message>): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of stream) messages.push(message as Message);
  return messages;
}

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
afterAll(() => relay.stop());

const host = () => new URL(relay.app.address).host;

async function fromProtoFiles(): Promise<RuntimeClient> {
  const includeDirs = [join(import.meta.dirname, "../../proto")];
  const definitions = await load("countersign/relay/v1/relay_service.proto", { ...OPTIONS, includeDirs });
  return new RuntimeClient(host(), definitions[SERVICE] as unknown as Definitions);
}

async function fromReflection(): Promise<RuntimeClient> {
  const descriptor = await new GrpcReflection(host(), insecure).getDescriptorBySymbol(SERVICE);
  const definitions = descriptor.getPackageDefinition(OPTIONS);
  return new RuntimeClient(host(), definitions[SERVICE] as unknown as Definitions);
}

describe.each([
  ["made from the proto files", fromProtoFiles],
  ["that knows nothing but reflection", fromReflection],
])("a grpc-js client %s", (_, connect) => {
  it("creates an account, has a delegate of it relayed and watches it to its end", async () => {
    const client = await connect();
    const script = new WalletScript(relay);
    const created = await client.unary("CreateAccount", {
      ...script.createAccount,
      wait_until: "WAIT_UNTIL_FINAL",
    });
    expect(created.submission).toMatchObject({
      state: "SUBMISSION_STATE_SUCCEEDED",
      account_id: script.accountId,
    });

    const before = relay.devnet.chain.log.length;
    const signed_delegate = await script.delegate();
    const { submission } = await client.unary("SubmitDelegate", { network: NETWORK, signed_delegate });
    const { id: submission_id } = submission as { id: string };
    const messages = (await read(client.stream("WatchSubmission", { submission_id }))) as {
      cursor: string;
      submission: { state: string; transaction: { hash: string } };
    }[];
    expect(messages.map((message) => [message.cursor, message.submission.state])).toEqual([
      ["1", "SUBMISSION_STATE_ACCEPTED"],
      ["2", "SUBMISSION_STATE_SIGNED"],
      ["3", "SUBMISSION_STATE_BROADCAST"],
      ["4", "SUBMISSION_STATE_INCLUDED"],
      ["5", "SUBMISSION_STATE_SUCCEEDED"],
    ]);
    expect(relay.devnet.chain.log.slice(before).map(({ hash }) => hash)).toEqual([
      messages.at(-1)?.submission.transaction.hash,
    ]);
  });

  it("gets an error's code, message and details", async () => {
    const client = await connect();
    const metadata = credentials();
    metadata.set("x-request-id", "grpc-js-1");
    const error = await client
      .unary("GetSubmission", { submission_id: `sub_${"0".repeat(26)}` }, metadata)
      .then(
        () => expect.fail("it should have failed"),
        (thrown) => thrown as grpc.ServiceError,
      );
    expect(error.code).toBe(grpc.status.NOT_FOUND);
    expect(error.details).toBe("there is no submission of this id");
    const [details] = error.metadata.get("grpc-status-details-bin");
    expect(Buffer.from(details ?? "").toString("latin1")).toMatch(
      /google\.rpc\.ErrorInfo.*SUBMISSION_NOT_FOUND.*countersign.*request_id.*grpc-js-1/s,
    );
  });

  it("gets the error of a stream", async () => {
    const client = await connect();
    const call = client.stream("WatchSubmission", { submission_id: `sub_${"0".repeat(26)}` });
    await expect(read(call)).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
  });
});

describe("reflection", () => {
  it.each(["v1", "v1alpha"])("lists the services and methods over %s", async (version) => {
    const reflection = new GrpcReflection(host(), insecure, {}, version);
    expect([...(await reflection.listServices())].sort()).toEqual([
      "countersign.lock.v1.LockService",
      SERVICE,
      "countersign.threshold.v1.EcdsaSigningService",
      "countersign.threshold.v1.Ed25519SigningService",
      "countersign.threshold.v1.ThresholdKeyService",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ]);
    expect((await reflection.listMethods(SERVICE)).map(({ name }) => name).sort()).toEqual(
      [
        "SubmitDelegate",
        "SubmitDelegates",
        "CreateAccount",
        "GetSubmission",
        "ListSubmissions",
        "WatchSubmission",
        "CheckDelegate",
        "GetTransaction",
        "GetRelayInfo",
      ].sort(),
    );
  });
});

describe("grpc.health.v1", () => {
  const connect = async () => {
    const descriptor = await new GrpcReflection(host(), insecure).getDescriptorBySymbol(
      "grpc.health.v1.Health",
    );
    const definitions = descriptor.getPackageDefinition(OPTIONS);
    return new RuntimeClient(host(), definitions["grpc.health.v1.Health"] as unknown as Definitions);
  };

  it.each(["", SERVICE])('answers Check of "%s" with SERVING', async (service) => {
    expect(await (await connect()).unary("Check", { service })).toEqual({ status: "SERVING" });
  });

  it("answers Check of an unknown service with NOT_FOUND", async () => {
    const call = (await connect()).unary("Check", { service: "no.Such" });
    await expect(call).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
  });

  it("tells a watcher of the end before the relay is gone", async () => {
    const client = await connect();
    const statuses: unknown[] = [];
    let restarted: Promise<void> | undefined;
    for await (const message of client.stream("Watch", { service: SERVICE })) {
      statuses.push((message as Message).status);
      restarted ??= relay.restart();
    }
    await restarted;
    expect(statuses).toEqual(["SERVING", "NOT_SERVING"]);
  });
});
