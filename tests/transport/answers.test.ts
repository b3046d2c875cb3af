import { once } from "node:events";
import http2 from "node:http2";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { startSmallRelay } from "./small-relay.ts";

const PATH = "/countersign.relay.v1.RelayService/GetRelayInfo";
const JSON_CALL = { "content-type": "application/json" };

/** What came to a client over HTTP/2 for its first stream: the frames' names, with a star where one ends the stream. */
async function framesOf(headers: http2.OutgoingHttpHeaders, message: string | Buffer): Promise<string[]> {
  const { address } = await startSmallRelay();
  const { hostname, port } = new URL(address);
  const received: Buffer[] = [];
  const between = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    far.on("data", (bytes: Buffer) => received.push(bytes));
    for (const end of [near, far]) end.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(between, "listening");
  const session = http2.connect(`http://127.0.0.1:${(between.address() as AddressInfo).port}`);
  onTestFinished(() => {
    session.destroy();
    between.close();
  });
  const stream = session.request({ ":method": "POST", ...headers });
  stream.end(message);
  await text(stream);
  return framesIn(Buffer.concat(received));
}

/** RFC 9113, section 4.1. */
function framesIn(bytes: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const [type, flags, streamId] = [bytes[at + 3], bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5)];
    const name = type === 0 ? "DATA" : type === 1 ? "HEADERS" : undefined;
    if (streamId === 1 && name !== undefined) names.push((flags & 1) === 1 ? `${name}*` : name);
  }
  return names;
}

test.each<[string, string, string]>([
  ["an answer", PATH, "{}"],
  ["an error", PATH, "no JSON"],
  ["the answer to a method that is not served", "/nothing", "{}"],
])("%s ends its HTTP/2 stream with its last byte, not a turn later", async (_, path, message) => {
  expect(await framesOf({ ":path": path, ...JSON_CALL }, message)).toEqual(["HEADERS", "DATA*"]);
});

test("gRPC has its trailers", async () => {
  const headers = { ":path": PATH, "content-type": "application/grpc", te: "trailers" };
  expect(await framesOf(headers, Buffer.alloc(5))).toEqual(["HEADERS", "DATA", "HEADERS*"]);
});

test.each([PATH, "/nothing"])("HEAD %s over HTTP/2 leaves nothing open", async (path) => {
  const closed = Promise.withResolvers<void>();
  const { address } = await startSmallRelay({
    filter: (_, response) => {
      (response as http2.Http2ServerResponse).once("close", closed.resolve);
      return false;
    },
  });
  const session = http2.connect(address);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "HEAD", ":path": path, ...JSON_CALL });
  expect(await text(stream)).toBe("");
  await closed.promise;
});

test.each(["1.1", "2"] as const)("all cookies of an answer arrive over HTTP/%s", async (httpVersion) => {
  const relay = await startSmallRelay({
    implementation: {
      getRelayInfo: (_, { responseHeader }) => {
        for (const cookie of ["a=1", "b=2"]) responseHeader.append("set-cookie", cookie);
        return {};
      },
    },
  });
  const cookies: string[] = [];
  const transport = createConnectTransport({ baseUrl: relay.address, httpVersion });
  await createClient(RelayService, transport).getRelayInfo(
    {},
    { onHeader: (headers) => void cookies.push(...headers.getSetCookie()) },
  );
  expect(cookies).toEqual(["a=1", "b=2"]);
});
