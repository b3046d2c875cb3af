import { type CallOptions, type Client, Code } from "@connectrpc/connect";
import type { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import type { Clock } from "./clock.ts";
import { errorOf } from "./countersign-error.ts";
import { deadlineIn } from "./deadline.ts";
import { pauseAfter, type RetryPolicy } from "./retry-policy.ts";
import { waitFor } from "./retrying-transport.ts";

type Watch = Client<typeof RelayService>["watchSubmission"];

/**
 * A watch that outlives its streams: when one is lost or reaches its deadline, the next goes on after the last state
 * received, so that every state comes once and in order. `policy.attempts` bounds the failures in a row. The call's
 * own `timeoutMs` bounds the whole watch; without it, the watch ends with the submission. Leaving the loop ends the
 * stream.
 *
 * @param streamMs how long one stream lasts at most, in milliseconds: a connection that died silently is noticed then
 */
export function resumingWatch(watch: Watch, policy: RetryPolicy, streamMs: number, clock: Clock): Watch {
  return async function* (request, options: CallOptions = {}) {
    const deadline = deadlineIn(options.timeoutMs, clock);
    let cursor = request.cursor ?? "";
    let failures = 0;
    for (;;) {
      const stream = new AbortController();
      const abort = () => stream.abort(options.signal?.reason);
      if (options.signal?.aborted) abort();
      options.signal?.addEventListener("abort", abort);
      try {
        const left = deadline.leftMs() ?? streamMs;
        const timeoutMs = streamMs > 0 ? Math.min(left, streamMs) : left;
        const call = { ...options, signal: stream.signal, timeoutMs };
        for await (const message of watch({ ...request, cursor }, call)) {
          cursor = message.cursor;
          failures = 0;
          yield message;
        }
        return;
      } catch (thrown) {
        const error = errorOf(thrown);
        // The end of a stream that had nothing to tell is no failure. It is waited out as one, so that a service that
        // ends streams at once is not called in a circle.
        const ended = error.code === Code.DeadlineExceeded;
        if (!ended) failures++;
        const pause = ended
          ? clock.random() * policy.baseMs
          : pauseAfter(error, failures, policy, clock.random);
        if (pause === undefined || !deadline.allows(pause)) throw error;
        await waitFor(pause, options.signal, clock);
      } finally {
        options.signal?.removeEventListener("abort", abort);
        stream.abort();
      }
    }
  };
}
