import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { startSmallRelay } from "./small-relay.ts";

const PATH = "/countersign.relay.v1.RelayService/GetRelayInfo";
const JSON_HEADERS = { "content-type": "application/json", "content-length": "2" };

function connect(address: string): net.Socket {
  const socket = net.connect(Number(new URL(address).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  return socket;
}

test("an HTTP/1.1 body that does not arrive ends with DEADLINE_EXCEEDED", async () => {
  const relay = await startSmallRelay({ connections: { bodyTimeoutMs: 50 } });
  const request = http.request(relay.address + PATH, { method: "POST", headers: JSON_HEADERS });
  onTestFinished(() => void request.destroy());
  request.on("error", () => undefined).write("{");
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  expect(response.statusCode).toBe(504);
  expect(JSON.parse(await text(response))).toMatchObject({
    code: "deadline_exceeded",
    details: [{ debug: { reason: "DEADLINE_EXCEEDED" } }],
  });
});

test("an HTTP/2 body that does not arrive ends with DEADLINE_EXCEEDED", async () => {
  const relay = await startSmallRelay({ connections: { bodyTimeoutMs: 50 } });
  const session = http2.connect(relay.address);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": PATH, ...JSON_HEADERS });
  stream.write("{");
  expect(JSON.parse(await text(stream))).toMatchObject({ code: "deadline_exceeded" });
});

test.each([
  ["says nothing", ""],
  ["stops within an HTTP/2 preface", "PR"],
  ["stops within a header", "POST / HTTP/1.1\r\nHo"],
])("a connection that %s is closed", async (_, start) => {
  const relay = await startSmallRelay({ connections: { headersTimeoutMs: 50 } });
  const socket = connect(relay.address);
  socket.write(start);
  socket.resume();
  await once(socket, "close");
});

test("an HTTP/2 connection on which nothing happens is closed", async () => {
  const relay = await startSmallRelay({ connections: { idleTimeoutMs: 50 } });
  const session = http2.connect(relay.address);
  await once(session, "close");
});

test("a connection too many is closed, and the others serve on", async () => {
  const relay = await startSmallRelay({ connections: { maxConnections: 1 } });
  const session = http2.connect(relay.address);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  const second = connect(relay.address);
  second.on("error", () => undefined).resume();
  await once(second, "close");
  const stream = session.request({ ":method": "POST", ":path": PATH, ...JSON_HEADERS });
  stream.end("{}");
  expect(JSON.parse(await text(stream))).toMatchObject({ network: "testnet" });
});

test("an HTTP/2 connection may have only so many calls open", async () => {
  const relay = await startSmallRelay({ connections: { maxConcurrentStreams: 7 } });
  const session = http2.connect(relay.address);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  expect(session.remoteSettings.maxConcurrentStreams).toBe(7);
});

test("a connection that pipelines many HTTP/1.1 requests is closed, and others are still answered", async () => {
  const relay = await startSmallRelay();
  const socket = connect(relay.address);
  const request = `POST ${PATH} HTTP/1.1\r\nHost: h\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;
  socket.write(request.repeat(200));
  socket.resume();
  socket.on("error", () => undefined);
  await once(socket, "close");
  const answer = await fetch(relay.address + PATH, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(answer.status).toBe(200);
});

/** Longer than a message may be. */
const TOO_LONG = Buffer.alloc(400_000, " ");

test("who goes on with an HTTP/2 body after the answer is stopped", async () => {
  const relay = await startSmallRelay();
  const session = http2.connect(relay.address);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": PATH, "content-type": "application/json" });
  const closed = once(stream, "close");
  stream.on("error", () => undefined).write(TOO_LONG);
  const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  expect(headers[":status"]).toBe(429);
  stream.resume();
  await closed;
  expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
}, 15_000);

test("who goes on with an HTTP/1.1 body after the answer is cut off", async () => {
  const relay = await startSmallRelay({ connections: { bodyTimeoutMs: 60_000 } });
  const socket = connect(relay.address);
  const closed = once(socket, "close");
  socket.on("error", () => undefined);
  socket.write(
    `POST ${PATH} HTTP/1.1\r\nHost: h\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n`,
  );
  socket.write(TOO_LONG);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toContain("HTTP/1.1 429");
  await closed;
}, 15_000);
