/** How late the signer's event loop ran its timers since this was asked last, in milliseconds. */
export interface EventLoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Reads it from the signer's own metrics, which begin anew each time that they are read. */
export async function eventLoopDelay(metricsUrl: string): Promise<EventLoopDelay> {
  // The connection would not last: this process hears nothing while it verifies what came back.
  const response = await fetch(metricsUrl, { headers: { connection: "close" } });
  const text = await response.text();
  const ms = (name: string) =>
    Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN) *
    1000;
  return { p50: ms("p50"), p99: ms("p99"), max: ms("max") };
}
