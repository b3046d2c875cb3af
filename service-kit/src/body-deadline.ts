import { Code, ConnectError } from "@connectrpc/connect";
import type { NodeRequest } from "./http-engines.ts";

/**
 * The body of a request, but it fails with DEADLINE_EXCEEDED when it has not arrived whole within `ms`: a caller
 * that sends a byte now and then must not hold a call open.
 *
 * A body that is not read to its end is let run off rather than destroyed: with HTTP/1.1 that would take the
 * connection away under the answer that says what was wrong.
 */
export async function* bodyWithin(request: NodeRequest, ms: number): AsyncGenerator<Uint8Array> {
  const body: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false });
  let expire: (error: ConnectError) => void = () => undefined;
  const expired = new Promise<never>((_, reject) => {
    expire = reject;
  });
  const timer = setTimeout(
    () => expire(new ConnectError("the request did not arrive in time", Code.DeadlineExceeded)),
    ms,
  );
  try {
    for (;;) {
      const chunk = await Promise.race([body.next(), expired]);
      if (chunk.done === true) return;
      yield chunk.value;
    }
  } finally {
    clearTimeout(timer);
    body.return?.().then(
      () => request.resume(),
      () => undefined,
    );
  }
}
