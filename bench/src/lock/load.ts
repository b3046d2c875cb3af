import { connect } from "node:http2";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { connectToSocket, type LoadResult, RawClient } from "../shared/raw-client.ts";
import type { ServedLock } from "./served-lock.ts";
import type { Way } from "./unlocks.ts";

/** A connection for unlocks, to the relay or to the signer. */
export function unlockClient(
  way: Way,
  { relayUrl, signerSocket }: Pick<ServedLock, "relayUrl" | "signerSocket">,
): RawClient {
  return way === "signer"
    ? new RawClient(connectToSocket(signerSocket), LockSignerService.method.removeLock)
    : new RawClient(connect(relayUrl), LockService.method.removeServerLock);
}

/**
 * Makes every call once, so many a second, whether those before are answered or not. A call's time counts from the moment that it
 * was due: one that is made late has waited already.
 */
export async function callAtRate(
  client: RawClient,
  requests: readonly Uint8Array[],
  perSecond: number,
): Promise<LoadResult> {
  const callMs: number[] = [];
  const start = performance.now();
  const responses = await Promise.all(
    requests.map(async (request, i) => {
      const due = start + (i * 1000) / perSecond;
      await delay(Math.max(0, due - performance.now()));
      const response = await client.call(request);
      callMs.push(performance.now() - due);
      return response;
    }),
  );
  return { tookMs: performance.now() - start, callMs, responses };
}
