import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import type { Clock } from "./clock.ts";
import { errorOf } from "./countersign-error.ts";
import { deadlineIn } from "./deadline.ts";
import { isRepeatable, pauseAfter, type RetryPolicy } from "./retry-policy.ts";

/**
 * A transport that repeats unary calls after transient errors, within the call's deadline, which all attempts share.
 * Only methods whose contract states an idempotency level are repeated, and no round of a protocol, whatever its
 * contract says. Streams are handed through. Unary calls throw `CountersignError`: the last attempt's, or CANCELED when the signal aborts.
 *
 * It is no interceptor, because Connect announces the deadline before interceptors run: each attempt has to announce
 * what is left of it.
 *
 * @param defaultTimeoutMs deadline in milliseconds of a unary call that names none
 */
export function retrying(
  transport: Transport,
  policy: RetryPolicy,
  defaultTimeoutMs: number,
  clock: Clock,
): Transport {
  return {
    stream: (...call) => transport.stream(...call),
    async unary(method, signal, timeoutMs, ...call) {
      const deadline = deadlineIn(timeoutMs ?? defaultTimeoutMs, clock);
      const repeatable = isRepeatable(method);
      for (let failures = 1; ; failures++) {
        try {
          return await transport.unary(method, signal, deadline.leftMs(), ...call);
        } catch (thrown) {
          const error = errorOf(thrown);
          const pause = repeatable ? pauseAfter(error, failures, policy, clock.random) : undefined;
          if (pause === undefined || !deadline.allows(pause)) throw error;
          await waitFor(pause, signal, clock);
        }
      }
    },
  };
}

/** Waits `ms`. Throws `CountersignError` with CANCELED when the signal aborts. */
export async function waitFor(ms: number, signal: AbortSignal | undefined, clock: Clock): Promise<void> {
  try {
    await clock.wait(ms, signal);
  } catch (reason) {
    throw errorOf(ConnectError.from(reason, Code.Canceled));
  }
}
