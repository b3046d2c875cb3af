import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { createClient } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { DomainError, errorFromConnect, type UnreadCall } from "@countersign/service-kit";
import { expect, onTestFinished, test } from "vitest";
import { type SmallRelay, startSmallRelay } from "./small-relay.ts";

const PATH = "/countersign.relay.v1.RelayService/SubmitDelegate";
const JSON_TYPE = { "content-type": "application/json" };
const MAX_BYTES = 2 * 1024 * 1024;
/** Most of a message, of which the relay reads at most 262,144 bytes. */
const MOST = Buffer.alloc(250_000, " ");

function connectHttp2(address: string): http2.ClientHttp2Session {
  const session = http2.connect(address);
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** Sends the headers of a call and `body`, and leaves the call open. */
function sendHttp2(
  session: http2.ClientHttp2Session,
  body: Buffer,
  headers: http2.OutgoingHttpHeaders = JSON_TYPE,
): http2.ClientHttp2Stream {
  const stream = session.request({ ":method": "POST", ":path": PATH, ...headers });
  stream.on("error", () => undefined);
  stream.write(body);
  return stream;
}

function sendHttp1(address: string, body: Buffer): http.ClientRequest {
  const headers = { ...JSON_TYPE, "content-length": "260000" };
  const request = http.request(address + PATH, { method: "POST", headers, agent: false });
  onTestFinished(() => void request.destroy());
  request.on("error", () => undefined).write(body);
  return request;
}

const client = (relay: SmallRelay) =>
  createClient(RelayService, createConnectTransport({ baseUrl: relay.address, httpVersion: "2" }));

/** All that was taken is given back; that happens just after the caller has learned how its call ended. */
const expectWhole = (relay: SmallRelay) => expect.poll(() => relay.bodiesBytes()).toBe(0);

const expectHeld = (relay: SmallRelay, bytes: number) =>
  expect.poll(() => relay.bodiesBytes()).toBeGreaterThanOrEqual(bytes);

/** Waits until each of `calls` has either ended or holds its bytes; the budget is not exceeded meanwhile. */
async function expectHeldOrEnded(relay: SmallRelay, ended: unknown[], calls: number, bytes: number) {
  let most = 0;
  const missing = () => {
    most = Math.max(most, relay.bodiesBytes());
    return (calls - ended.length) * bytes - relay.bodiesBytes();
  };
  await expect.poll(missing, { interval: 5, timeout: 10_000 }).toBeLessThanOrEqual(0);
  expect(most).toBeLessThanOrEqual(MAX_BYTES);
}

/** Of calls that send most of a large body and stop, all but those that fit are refused; a small call is answered. */
async function expectBounded(relay: SmallRelay, answers: string[], calls: number): Promise<void> {
  await expectHeldOrEnded(relay, answers, calls, MOST.length);
  expect(relay.bodiesBytes()).toBeGreaterThan(0);
  expect((await client(relay).submitDelegate(small)).submission?.id).toBe("sub_3");
  for (const answer of answers) {
    expect(JSON.parse(answer)).toMatchObject({
      code: "resource_exhausted",
      details: [{ debug: { reason: "OVERLOADED" } }, { type: "google.rpc.RetryInfo" }],
    });
  }
}

const small = { network: "testnet", signedDelegate: new Uint8Array(3) };
const large = { network: "testnet", signedDelegate: new Uint8Array(131_072) };

test("large HTTP/2 bodies that stop half-way take what there is and no more; small calls are answered", async () => {
  const unread: UnreadCall[] = [];
  const relay = await startSmallRelay({
    bodiesMaxBytes: MAX_BYTES,
    onUnread: (call) => void unread.push(call),
  });
  const answers: string[] = [];
  const sessions = Array.from({ length: 4 }, () => connectHttp2(relay.address));
  for (const session of sessions) {
    for (let i = 0; i < 8; i++)
      void text(sendHttp2(session, MOST)).then(
        (t) => answers.push(t),
        () => 0,
      );
  }
  await expectBounded(relay, answers, 32);
  expect(answers.length).toBeGreaterThanOrEqual(24);
  expect(unread.map(({ error }) => errorFromConnect(error).reason)).toEqual(
    answers.map(() => ErrorReason.OVERLOADED),
  );
  for (const session of sessions) session.destroy();
  await expectWhole(relay);
  expect((await client(relay).submitDelegate(large)).submission?.id).toBe("sub_131072");
}, 15_000);

test("large HTTP/1.1 bodies that stop half-way take what there is and no more; small calls are answered", async () => {
  const relay = await startSmallRelay({ bodiesMaxBytes: MAX_BYTES });
  const answers: string[] = [];
  const requests = Array.from({ length: 16 }, () => sendHttp1(relay.address, MOST));
  for (const request of requests) {
    request.on(
      "response",
      (r) =>
        void text(r).then(
          (t) => answers.push(t),
          () => 0,
        ),
    );
  }
  await expectBounded(relay, answers, 16);
  expect(answers.length).toBeGreaterThanOrEqual(8);
  for (const request of requests) request.destroy();
  await expectWhole(relay);
}, 15_000);

test("a call that found no room is reset when it goes on", async () => {
  const relay = await startSmallRelay({ bodiesMaxBytes: 100_000 });
  const stream = sendHttp2(connectHttp2(relay.address), MOST);
  const closed = once(stream, "close");
  expect(await text(stream)).toContain("OVERLOADED");
  await closed;
  expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
  expect(relay.bodiesBytes()).toBe(0);
}, 15_000);

const held = () => {
  let release = () => {};
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  const submitDelegate = async () => {
    await waiting;
    return {};
  };
  return { implementation: { submitDelegate }, release: () => release() };
};

const TRANSPORTS = [
  ["Connect", createConnectTransport],
  ["gRPC", createGrpcTransport],
  ["gRPC-Web", createGrpcWebTransport],
] as const;

test.each(TRANSPORTS)(
  "%s: messages that handlers work on count until they are answered",
  async (_, create) => {
    const { implementation, release } = held();
    const relay = await startSmallRelay({ implementation, bodiesMaxBytes: MAX_BYTES });
    const transport = create({ baseUrl: relay.address, httpVersion: "2" });
    const call = createClient(RelayService, transport).submitDelegate(large);
    await expectHeld(relay, 131_072);
    release();
    await call;
    await expectWhole(relay);
  },
);

test.each(TRANSPORTS)("%s: gzip counts as what comes out of it", async (_, create) => {
  const { implementation, release } = held();
  const relay = await startSmallRelay({ implementation, bodiesMaxBytes: MAX_BYTES });
  const options = { baseUrl: relay.address, httpVersion: "2", sendCompression: compressionGzip } as const;
  const compressed = createClient(RelayService, create(options));
  const ended: unknown[] = [];
  const calls = Array.from({ length: 20 }, () =>
    compressed.submitDelegate(large).then(
      () => ended.push("answered"),
      (e) => ended.push(errorFromConnect(e)),
    ),
  );
  await expectHeldOrEnded(relay, ended, calls.length, 131_072);
  // 13 of these fit into seven eighths of the budget.
  expect(ended.length).toBeGreaterThanOrEqual(7);
  expect(ended.length).toBeLessThan(14);
  expect(ended).toEqual(ended.map(() => expect.objectContaining({ reason: ErrorReason.OVERLOADED })));
  const refused = ended.length;
  release();
  await Promise.all(calls);
  expect(ended.filter((e) => e === "answered")).toHaveLength(20 - refused);
  await expectWhole(relay);
});

test("nothing stays taken when a caller resets, stops within an envelope, or sends what cannot be read", async () => {
  const relay = await startSmallRelay({ bodiesMaxBytes: MAX_BYTES });
  const session = connectHttp2(relay.address);
  const reset = sendHttp2(session, MOST);
  const request = sendHttp1(relay.address, MOST);
  await expectHeld(relay, 2 * MOST.length);
  reset.close(http2.constants.NGHTTP2_CANCEL);
  request.destroy();
  await expectWhole(relay);

  const grpc = { "content-type": "application/grpc+proto", te: "trailers" };
  const unreadable: [body: Buffer, headers: http2.OutgoingHttpHeaders][] = [
    [Buffer.alloc(270_000), grpc],
    [Buffer.concat([Buffer.from([0, 0, 3, 0, 0]), Buffer.alloc(100_000)]), grpc],
    [Buffer.alloc(200_000, "x"), JSON_TYPE],
    [Buffer.alloc(200_000, "x"), { ...JSON_TYPE, "content-encoding": "gzip" }],
    [gzipSync(Buffer.alloc(200_000)).subarray(0, 100), { ...JSON_TYPE, "content-encoding": "gzip" }],
    [gzipSync(Buffer.alloc(9_000_000)), { ...JSON_TYPE, "content-encoding": "gzip" }],
  ];
  for (const [body, headers] of unreadable) {
    const stream = sendHttp2(session, body, headers);
    stream.end();
    expect(await text(stream)).not.toContain("sub_");
  }
  await expectWhole(relay);
  expect(relay.lines.join("")).not.toContain('"level":"error"');
});

test("a body that does not arrive in time gives back what it took", async () => {
  const relay = await startSmallRelay({ bodiesMaxBytes: MAX_BYTES, connections: { bodyTimeoutMs: 2_000 } });
  const stream = sendHttp2(connectHttp2(relay.address), MOST);
  await expectHeld(relay, MOST.length);
  expect(await text(stream)).toContain("DEADLINE_EXCEEDED");
  await expectWhole(relay);
});

test("a call that ends at its deadline gives back what it took", async () => {
  const { implementation, release } = held();
  onTestFinished(release);
  const relay = await startSmallRelay({ implementation, bodiesMaxBytes: MAX_BYTES });
  const call = client(relay).submitDelegate(large, { headers: { "connect-timeout-ms": "200" } });
  expect(await call.catch(errorFromConnect)).toMatchObject({ reason: ErrorReason.DEADLINE_EXCEEDED });
  await expectWhole(relay);
});

test("of a call that the gate refuses nothing is taken", async () => {
  const taken: number[] = [];
  const relay: SmallRelay = await startSmallRelay({
    bodiesMaxBytes: MAX_BYTES,
    gate: async () => {
      taken.push(relay.bodiesBytes());
      throw new DomainError(ErrorReason.CREDENTIALS_MISSING, "no credentials");
    },
  });
  const stream = sendHttp2(connectHttp2(relay.address), MOST);
  expect(await text(stream)).toContain("CREDENTIALS_MISSING");
  expect([...taken, relay.bodiesBytes()]).toEqual([0, 0]);
});

test("who is nobody cannot have more than the little that health takes", async () => {
  const relay = await startSmallRelay({ bodiesMaxBytes: MAX_BYTES });
  const path = { ...JSON_TYPE, ":path": "/grpc.health.v1.Health/Check" };
  const stream = sendHttp2(connectHttp2(relay.address), MOST, path);
  expect(await text(stream)).toContain("REQUEST_TOO_LARGE");
  await expectWhole(relay);
});
