import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { describe, expect, onTestFinished, test } from "vitest";
import { startSmallRelay, unexpected } from "./small-relay.ts";

const PATH = "/countersign.relay.v1.RelayService/GetRelayInfo";

/** A relay with a call that runs until it is told to answer. */
async function startHeldRelay() {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const relay = await startSmallRelay({
    implementation: {
      getRelayInfo: async () => {
        entered.resolve();
        await release.promise;
        return { network: "finished" };
      },
    },
  });
  return { relay, entered: entered.promise, release: release.resolve };
}

describe.each(["HTTP/1.1", "HTTP/2"])("%s", (version) => {
  const clientOf = (baseUrl: string) =>
    createClient(
      RelayService,
      version === "HTTP/2"
        ? createGrpcTransport({ baseUrl })
        : createConnectTransport({ baseUrl, httpVersion: "1.1" }),
    );

  test("a drain lets the call that runs finish, and takes no new connection", async () => {
    const { relay, entered, release } = await startHeldRelay();
    const call = clientOf(relay.address).getRelayInfo({});
    await entered;
    const drained = relay.drain(30_000);
    await expect(fetch(relay.address)).rejects.toThrow();
    release();
    expect((await call).network).toBe("finished");
    await drained;
  });

  test("a drain ends streams with SHUTTING_DOWN", async () => {
    const relay = await startSmallRelay({
      implementation: {
        async *watchSubmission() {
          yield { cursor: "1" };
          await new Promise(() => undefined);
        },
      },
    });
    const stream = clientOf(relay.address).watchSubmission({ submissionId: "s" })[Symbol.asyncIterator]();
    await stream.next();
    const drained = relay.drain(30_000);
    expect(await stream.next().then(unexpected, errorFromConnect)).toMatchObject({
      reason: ErrorReason.SHUTTING_DOWN,
      code: Code.Unavailable,
      retryAfterMs: 1000,
    });
    await drained;
  });

  test("a call that outlasts the bound is cut off", async () => {
    const { relay, entered } = await startHeldRelay();
    const call = clientOf(relay.address).getRelayInfo({});
    await entered;
    const failed = call.then(unexpected, ConnectError.from);
    await relay.drain(20);
    expect((await failed).code).not.toBe(Code.DeadlineExceeded);
    expect(relay.lines.join("")).toContain("calls cut off");
  });
});

test("a new call on an open HTTP/1.1 connection is refused with SHUTTING_DOWN while another finishes", async () => {
  const { relay, entered, release } = await startHeldRelay();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const held = clientCall(relay.address);
  await entered;
  const open = http.request(`${relay.address}${PATH}`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": "2" },
    agent,
  });
  open.flushHeaders();
  await once(open, "socket");
  // The connection is accepted once another call on it would be too: ask for something that answers at once.
  await fetch(relay.address);
  const drained = relay.drain(30_000);
  open.end("{}");
  const [response] = (await once(open, "response")) as [http.IncomingMessage];
  expect(response.statusCode).toBe(503);
  expect(response.headers.connection).toBe("close");
  release();
  expect((await held).network).toBe("finished");
  await drained;
});

test("HTTP/2 peers are told to go away", async () => {
  const relay = await startSmallRelay();
  const session = http2.connect(relay.address);
  await once(session, "remoteSettings");
  const goaway = once(session, "goaway");
  await relay.drain(30_000);
  expect((await goaway)[0]).toBe(http2.constants.NGHTTP2_NO_ERROR);
});

test("draining twice is draining once", async () => {
  const relay = await startSmallRelay();
  await Promise.all([relay.drain(1000), relay.drain(1000)]);
});

function clientCall(baseUrl: string) {
  return createClient(RelayService, createGrpcTransport({ baseUrl })).getRelayInfo({});
}
