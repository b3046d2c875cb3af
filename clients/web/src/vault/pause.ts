/**
 * Lets other calls of the worker run: ends after what waits already. A timer would take 4 ms in browsers, which hold back
 * timers that are set by timers.
 */
export function pause(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
