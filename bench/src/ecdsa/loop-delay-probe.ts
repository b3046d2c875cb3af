// Loaded into the signer's process (--import): tells over a socket how late its main loop ran timers.
import { createServer } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";
import { LOOP_SOCKET, type LoopDelay } from "./loop-delay.ts";

/** Milliseconds between two timers. What is measured is the time from one to the next, so an idle loop shows this. */
const RESOLUTION_MS = 10;

const socketPath = process.env[LOOP_SOCKET];
// Threads take over what the process was started with.
if (isMainThread && socketPath !== undefined) {
  const between = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  between.enable();
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const server = createServer((asker) => {
    const delay: LoopDelay = {
      p50: late(between.percentile(50)),
      p95: late(between.percentile(95)),
      max: late(between.max),
    };
    between.reset();
    asker.end(JSON.stringify(delay));
  });
  server.listen(socketPath).unref();
}
