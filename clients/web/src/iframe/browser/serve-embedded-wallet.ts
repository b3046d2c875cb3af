import { serveEmbeddedWalletIn } from "../guest/serve-embedded-wallet-in.ts";
import type { EmbeddedWalletServer, ServeEmbeddedWalletOptions } from "../guest-api.ts";
import { framePortOf } from "./frame-port-of.ts";

/**
 * Serves the applications that embed this page, if any does. They connect when this runs, so run it once the wallet is ready to be
 * asked. Throws TypeError when an origin is not exact.
 */
export function serveEmbeddedWallet(options: ServeEmbeddedWalletOptions): EmbeddedWalletServer {
  const { parent } = window;
  const page = {
    self: window,
    parent,
    // Firefox has had none for long.
    ancestors: location.ancestorOrigins && [...location.ancestorOrigins],
    listen(listener: Parameters<Parameters<typeof serveEmbeddedWalletIn>[0]["listen"]>[0]) {
      const onMessage = (event: MessageEvent) => {
        const [port] = event.ports;
        listener({
          source: event.source,
          origin: event.origin,
          get data() {
            return event.data;
          },
          port: port && framePortOf(port),
        });
      };
      window.addEventListener("message", onMessage);
      return () => window.removeEventListener("message", onMessage);
    },
  };
  return serveEmbeddedWalletIn(page, options);
}
