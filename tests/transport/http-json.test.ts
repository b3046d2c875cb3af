import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { type SmallRelay, startSmallRelay } from "./small-relay.ts";

const SERVICE = "/countersign.relay.v1.RelayService";

function post(
  relay: SmallRelay,
  method: string,
  body: RequestInit["body"],
  headers: Record<string, string> = {},
) {
  const url = `${relay.address}${SERVICE}/${method}`;
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers } };
  return fetch(url, { ...init, body: body ?? null, ...{ duplex: "half" } });
}

/** Sends bytes as they are and gives everything that comes back until the connection closes. */
async function raw(relay: SmallRelay, request: string): Promise<string> {
  const socket = net.connect(Number(new URL(relay.address).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(request);
  return text(socket);
}

test("a call is plain JSON over HTTP", async () => {
  const relay = await startSmallRelay();
  const response = await post(relay, "GetSubmission", JSON.stringify({ submissionId: "sub_1" }));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ submission: { id: "sub_1" } });
});

test("a read can be a GET", async () => {
  const relay = await startSmallRelay();
  const message = encodeURIComponent(JSON.stringify({ submissionId: "sub_1" }));
  const response = await fetch(
    `${relay.address}${SERVICE}/GetSubmission?connect=v1&encoding=json&message=${message}`,
  );
  expect(await response.json()).toEqual({ submission: { id: "sub_1" } });
});

test("a GET whose message is not base64 is refused as FIELD_INVALID", async () => {
  const relay = await startSmallRelay();
  const response = await fetch(
    `${relay.address}${SERVICE}/GetSubmission?encoding=proto&base64=1&message=%21`,
  );
  expect(await response.json()).toMatchObject({ details: [{ debug: { reason: "FIELD_INVALID" } }] });
});

test("a mutation cannot be a GET", async () => {
  const relay = await startSmallRelay();
  const response = await fetch(`${relay.address}${SERVICE}/SubmitDelegate?encoding=json&message={}`);
  expect(response.status).toBe(405);
});

test("an error is JSON with reason and request id", async () => {
  const relay = await startSmallRelay();
  const body = JSON.stringify({ network: "testnet", accountId: "a", publicKey: "k" });
  const response = await post(relay, "CreateAccount", body, { "x-request-id": "abc" });
  expect(response.status).toBe(400);
  expect(response.headers.get("x-request-id")).toBe("abc");
  expect(await response.json()).toMatchObject({
    code: "failed_precondition",
    details: [{ type: "google.rpc.ErrorInfo", debug: { reason: "ACCOUNT_CREATION_DISABLED" } }, {}],
  });
});

test.each([
  ["cut short", '{"submissionId": "sub'],
  ["of the wrong shape", '{"submissionId": 5}'],
  ["no object", "[]"],
])("JSON that is %s is refused as FIELD_INVALID", async (_, body) => {
  const relay = await startSmallRelay();
  const response = await post(relay, "GetSubmission", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    code: "invalid_argument",
    details: [{ type: "google.rpc.ErrorInfo", debug: { reason: "FIELD_INVALID" } }],
  });
});

test("protobuf that cannot be parsed is refused as FIELD_INVALID", async () => {
  const relay = await startSmallRelay();
  const headers = { "content-type": "application/proto" };
  const response = await post(relay, "GetSubmission", new Uint8Array([0x0a, 0xff]), headers);
  expect(await response.json()).toMatchObject({
    code: "invalid_argument",
    details: [{ debug: { reason: "FIELD_INVALID" } }],
  });
});

test("a body without a length that grows too large is refused, and the connection serves on", async () => {
  const relay = await startSmallRelay();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const send = async (body: string) => {
    const { port } = new URL(relay.address);
    const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
    const path = `${SERVICE}/GetSubmission`;
    const request = http.request({ host: "127.0.0.1", port, path, method: "POST", headers, agent });
    request.end(body);
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    return { port: request.socket?.localPort, status: response.statusCode, body: await text(response) };
  };
  const refused = await send(JSON.stringify({ submissionId: "x".repeat(400_000) }));
  expect(refused.status).toBe(429);
  expect(JSON.parse(refused.body)).toMatchObject({ details: [{ debug: { reason: "REQUEST_TOO_LARGE" } }] });
  const next = await send(JSON.stringify({ submissionId: "sub_1" }));
  expect(next).toMatchObject({ status: 200, port: refused.port });
});

test("a small body that unpacks to a large one is refused", async () => {
  const relay = await startSmallRelay();
  const bomb = gzipSync(Buffer.alloc(10_000_000, 0x20));
  expect(bomb.length).toBeLessThan(20_000);
  const response = await post(relay, "GetSubmission", bomb, { "content-encoding": "gzip" });
  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({ details: [{ debug: { reason: "REQUEST_TOO_LARGE" } }] });
});

test("an unknown method, and an unknown path, are unimplemented", async () => {
  const relay = await startSmallRelay();
  for (const path of [`${SERVICE}/Nothing`, "/", "/../etc/passwd"]) {
    const response = await fetch(relay.address + path, { method: "POST" });
    expect(response.status).toBe(404);
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toMatchObject({ code: "unimplemented" });
  }
});

test("a content type that no protocol has is refused", async () => {
  const relay = await startSmallRelay();
  const response = await post(relay, "GetRelayInfo", "<xml/>", { "content-type": "text/xml" });
  expect(response.status).toBe(415);
});

test.each([
  ["too long", "x".repeat(129)],
  ["with a space", "a b"],
  ["with a quote", 'a"b'],
])("a request id %s is replaced", async (_, id) => {
  const relay = await startSmallRelay();
  const response = await post(relay, "GetRelayInfo", "{}", { "x-request-id": id });
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("HTTP/1.1 connections stay open from call to call", async () => {
  const relay = await startSmallRelay();
  const head = `POST ${SERVICE}/GetRelayInfo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n`;
  const answer = await raw(relay, `${head}\r\n{}${head}Connection: close\r\n\r\n{}`);
  expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
});

test.each([
  ["a host that is none", `GET ${SERVICE}/GetRelayInfo HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n`],
  ["no host", `GET ${SERVICE}/GetRelayInfo HTTP/1.0\r\n\r\n`],
  ["no HTTP", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\r\n\r\n"],
  ["a header that is too large", `GET / HTTP/1.1\r\nHost: h\r\nX-Big: ${"x".repeat(20_000)}\r\n\r\n`],
])("%s is answered with 4xx and the relay lives", async (_, request) => {
  const relay = await startSmallRelay();
  expect(await raw(relay, request)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect((await post(relay, "GetRelayInfo", "{}")).status).toBe(200);
});

test("a peer that breaks off in the middle of a call does no harm", async () => {
  const relay = await startSmallRelay();
  const port = Number(new URL(relay.address).port);
  for (const start of [
    "PR",
    `POST ${SERVICE}/GetRelayInfo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthis is no frame",
  ]) {
    const socket = net.connect(port, "127.0.0.1");
    await once(socket, "connect");
    await new Promise((resolve) => socket.write(start, resolve));
    socket.resetAndDestroy();
  }
  expect((await post(relay, "GetRelayInfo", "{}")).status).toBe(200);
});

test("an HTTP/2 preface in pieces is understood", async () => {
  const relay = await startSmallRelay();
  const socket = net.connect(Number(new URL(relay.address).port), "127.0.0.1").setNoDelay();
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  for (const piece of ["P", "R", "I * HTTP/2.0\r\n\r\nSM", "\r\n\r\n"]) {
    await new Promise((resolve) => socket.write(piece, resolve));
    // Lets the piece arrive on its own.
    await fetch(relay.address);
  }
  socket.write(Buffer.from("000000040000000000", "hex"));
  const [answer] = (await once(socket, "data")) as [Buffer];
  // A SETTINGS frame: three bytes of length, then type 4.
  expect(answer[3]).toBe(4);
});
