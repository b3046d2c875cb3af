import type { EmbeddedCall, EmbeddedWallet, WalletCapabilities } from "../api.ts";
import type { Method } from "../protocol.ts";
import type { WalletPort } from "./wallet-port.ts";

/** The wallet at the other end of a port. */
export function embeddedWalletOver(port: WalletPort, capabilities: WalletCapabilities): EmbeddedWallet {
  // The wallet's answers are of the types that the protocol says.
  const method =
    <M extends Method>(name: M) =>
    (of: object, call?: EmbeddedCall) =>
      port.request(name, of, call) as Promise<Awaited<ReturnType<EmbeddedWallet[M]>>>;
  return {
    capabilities,
    closed: port.closed,
    connect: (call) => method("connect")({}, call),
    disconnect: (call) => method("disconnect")({}, call),
    relay: method("relay"),
    signNearTransactions: method("signNearTransactions"),
    signNearMessage: method("signNearMessage"),
    signEvmTransaction: method("signEvmTransaction"),
    signEvmMessage: method("signEvmMessage"),
    signEvmTypedData: method("signEvmTypedData"),
    close: () => port.close("closed"),
  };
}
