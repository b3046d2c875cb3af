import { performance } from "node:perf_hooks";
import type { LoadResult, RawClient } from "../shared/raw-client.ts";

/** Makes every call once, `inFlight` at a time. Throws what the first call throws that fails. */
export async function makeAll(
  client: RawClient,
  requests: readonly Uint8Array[],
  inFlight: number,
): Promise<LoadResult> {
  const callMs: number[] = [];
  const responses: Uint8Array[] = [];
  const start = performance.now();
  let next = 0;

  async function caller(): Promise<void> {
    while (next < requests.length) {
      const i = next++;
      const called = performance.now();
      responses[i] = await client.call(requests[i] as Uint8Array);
      callMs.push(performance.now() - called);
    }
  }

  await Promise.all(Array.from({ length: inFlight }, caller));
  return { tookMs: performance.now() - start, callMs, responses };
}
