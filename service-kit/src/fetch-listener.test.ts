import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, onTestFinished, test, vi } from "vitest";
import { DomainError } from "./domain-error.ts";
import { createFetchListener } from "./fetch-listener.ts";
import { createLogger } from "./log.ts";

const READ_MAX_BYTES = 1024;

/** Lets nobody in. */
function refuses(bodyTimeoutMs = 60_000) {
  const listener = createFetchListener({
    services: [],
    interceptors: [],
    limits: { defaultDeadlineMs: 10_000, maxDeadlineMs: 60_000, readMaxBytes: READ_MAX_BYTES },
    bodyTimeoutMs,
    gate: async () => {
      throw new DomainError(ErrorReason.PEER_NOT_ALLOWED, "not you");
    },
    log: createLogger("test", "silent"),
  });
  return (body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}) => {
    const init = { method: "POST", body, duplex: "half", headers: { ...JSON_CALL, ...headers } };
    return listener(new Request("http://relay.example/a.Service/Method", init as RequestInit), {
      address: "203.0.113.1",
    });
  };
}

const JSON_CALL = { "content-type": "application/json" };

/** A body of which `chunk` is sent `times`, and the number that has been asked for. */
function counted(chunk: Uint8Array, times: number) {
  const sent = { chunks: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent.chunks === times) return controller.close();
        sent.chunks++;
        controller.enqueue(chunk);
      },
      cancel() {
        sent.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, sent };
}

test("a call refused before its body is read is answered once all of it has run off", async () => {
  const { body, sent } = counted(new Uint8Array(100), 10);
  const answer = await refuses()(body);
  expect(await answer.json()).toMatchObject({ code: "permission_denied", message: "not you" });
  expect(sent).toEqual({ chunks: 10, cancelled: false });
});

test("no more runs off than a call may send", async () => {
  const { body, sent } = counted(new Uint8Array(READ_MAX_BYTES), Number.POSITIVE_INFINITY);
  const answer = await refuses()(body);
  expect(await answer.json()).toMatchObject({ message: "not you" });
  expect(sent).toEqual({ chunks: 3, cancelled: true });
});

test("a body announced as too large is not waited for", async () => {
  const { body, sent } = counted(new Uint8Array(READ_MAX_BYTES), 2);
  const answer = await refuses()(body, { "content-length": `${2 * READ_MAX_BYTES}` });
  expect(await answer.json()).toMatchObject({ message: "not you" });
  expect(sent.chunks).toBe(0);
});

test("a refused call's body is waited for two seconds at most", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const answering = refuses()(new ReadableStream());
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await (await answering).json()).toMatchObject({ message: "not you" });
});

test("a body that does not come is not waited for any longer than others are", async () => {
  const answer = await refuses(10)(new ReadableStream());
  expect(await answer.json()).toMatchObject({ message: "not you" });
});
