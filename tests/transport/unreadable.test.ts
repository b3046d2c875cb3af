import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { Code } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { expect, onTestFinished, test } from "vitest";
import { startSmallRelay } from "./small-relay.ts";

/** Sends one gRPC message as it is and gives code and reason of the answer. */
async function callGrpc(address: string, method: string, body: Buffer, headers: Record<string, string> = {}) {
  const session = http2.connect(address);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": `/countersign.relay.v1.RelayService/${method}`,
    "content-type": "application/grpc+proto",
    te: "trailers",
    ...headers,
  });
  const trailers = new Headers();
  stream.on("trailers", (received) => {
    for (const [name, value] of Object.entries(received)) trailers.set(name, String(value));
  });
  stream.end(body);
  await text(stream);
  const error = findTrailerError(trailers);
  const { code, reason } = errorFromConnect(error);
  return { code, reason };
}

function envelope(flags: number, message: Buffer, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

const BROKEN: [what: string, body: Buffer, headers?: Record<string, string>][] = [
  ["bytes that are no protobuf", envelope(0, Buffer.from([0x0a, 0xff]))],
  ["an envelope that is cut short", envelope(0, Buffer.from([0x0a]), 9)],
  ["a compressed envelope without an encoding", envelope(1, Buffer.from([0x0a]))],
  ["gzip that is cut short", envelope(1, Buffer.from([0x1f, 0x8b, 8, 0])), { "grpc-encoding": "gzip" }],
  ["gzip that is none", envelope(1, Buffer.from("no gzip at all")), { "grpc-encoding": "gzip" }],
];

test.each(
  BROKEN.flatMap(([what, body, headers]) =>
    ["GetSubmission", "WatchSubmission"].map((m) => [what, m, body, headers] as const),
  ),
)("%s sent to %s: refused as FIELD_INVALID", async (_, method, body, headers) => {
  const relay = await startSmallRelay();
  expect(await callGrpc(relay.address, method, body, headers)).toEqual({
    code: Code.InvalidArgument,
    reason: ErrorReason.FIELD_INVALID,
  });
  expect(relay.lines.join("")).not.toContain('"level":"error"');
});

test.each(["GetSubmission", "WatchSubmission"])(
  "a message to %s that is too large is REQUEST_TOO_LARGE",
  async (method) => {
    const relay = await startSmallRelay();
    const refusal = await callGrpc(relay.address, method, envelope(0, Buffer.alloc(300_000)));
    expect(refusal).toEqual({ code: Code.ResourceExhausted, reason: ErrorReason.REQUEST_TOO_LARGE });
  },
);
