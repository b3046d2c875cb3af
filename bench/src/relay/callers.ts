import { once } from "node:events";
import { connect } from "node:http2";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { CallFailedError, type RawCaller, RawClient } from "../shared/raw-client.ts";
import { RawHttp1Client } from "../shared/raw-http1-client.ts";
import { CALLS_A_CONNECTION } from "./relay-clients.ts";

/** HTTP/1.1 with a connection for each call in flight, as proxies call what is behind them; or HTTP/2 with a few connections. */
export type HttpVersion = "1.1" | "2";

/** Calls of one method, and how to make them. Times in milliseconds. */
export interface Calls {
  readonly relayUrl: string;
  readonly http: HttpVersion;
  readonly method: "submitDelegate" | "submitDelegates";
  readonly headers: Readonly<Record<string, string>>;
  /** Serialized. */
  readonly requests: readonly Uint8Array[];
  /** In flight; with an interval, at most. */
  readonly concurrency: number;
  /** Between the times at which two calls are due; a closed loop without. */
  readonly intervalMs: number | undefined;
  /** No call begins after it. */
  readonly maxMs: number;
}

/** What came of the calls. */
export interface Called {
  /** When the first call began, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the first call to the last answer, in milliseconds. */
  readonly tookMs: number;
  /** From when each call that was made was due to its answer, in milliseconds. */
  readonly callMs: readonly number[];
  /** Serialized. */
  readonly answers: readonly Uint8Array[];
  /** Calls that had none, by the place of the request. */
  readonly failures: readonly { readonly place: number; readonly code: string }[];
}

/**
 * Makes the calls on a thread of its own: while a call's time runs, nothing is collected of what this one holds, which are
 * tens of thousands of wallets.
 */
export async function callOnThread(calls: Calls): Promise<Called> {
  const worker = new Worker(new URL("./callers-thread.ts", import.meta.url), { workerData: calls });
  try {
    const [called] = await once(worker, "message");
    return called;
  } finally {
    await worker.terminate();
  }
}

/** Makes the calls on this thread. */
export async function callAll(calls: Calls): Promise<Called> {
  const { requests, concurrency, intervalMs, maxMs } = calls;
  const clients = clientsFor(calls);
  const answers: Uint8Array[] = [];
  const callMs: number[] = [];
  const failures: { place: number; code: string }[] = [];
  const startedAt = Date.now();
  const start = performance.now();
  let sent = 0;

  async function caller(client: RawCaller): Promise<void> {
    while (sent < requests.length) {
      const dueAt = intervalMs === undefined ? performance.now() : start + sent * intervalMs;
      if (dueAt - start >= maxMs) return;
      const place = sent++;
      const early = dueAt - performance.now();
      if (early > 0) await delay(early);
      try {
        answers.push(await client.call(requests[place] as Uint8Array));
      } catch (error) {
        failures.push({ place, code: error instanceof CallFailedError ? error.code : "lost" });
      }
      callMs.push(performance.now() - dueAt);
    }
  }

  await Promise.all(
    Array.from({ length: concurrency }, (_, i) => caller(clients[i % clients.length] as RawCaller)),
  );
  const tookMs = performance.now() - start;
  for (const client of clients) client.close();
  return { startedAt, tookMs, callMs, answers, failures };
}

function clientsFor({ relayUrl, http, method, headers, concurrency }: Calls): RawCaller[] {
  const called = RelayService.method[method];
  if (http === "1.1") return [new RawHttp1Client(relayUrl, called, headers)];
  return Array.from(
    { length: Math.ceil(concurrency / CALLS_A_CONNECTION) },
    () => new RawClient(connect(relayUrl), called, headers),
  );
}
