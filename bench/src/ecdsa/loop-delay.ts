import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** How late a process's main loop ran timers, in milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Names the socket's path in the environment of a process that has the probe. */
export const LOOP_SOCKET = "BENCH_LOOP_SOCKET";

/** Asks the probe: the delay since it was asked last. */
export async function loopDelay(socketPath: string): Promise<LoopDelay> {
  return JSON.parse(await text(connect(socketPath))) as LoopDelay;
}
