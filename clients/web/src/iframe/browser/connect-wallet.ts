import { originOf } from "../../headers/exact-origin.ts";
import type { EmbeddedWallet } from "../api.ts";
import { frameError } from "../embedded-wallet-error.ts";
import { embeddedWalletOver } from "../host/embedded-wallet-over.ts";
import { greet } from "../host/handshake.ts";
import { WalletPort } from "../host/wallet-port.ts";
import { framePortOf } from "./frame-port-of.ts";
import { openFrame } from "./wallet-frame.ts";

/** How an application embeds a wallet. */
export interface ConnectWalletOptions {
  /** The page of the wallet: https, or http on localhost. Only its origin is spoken to. */
  readonly url: string;
  /** Where the frame goes, as wide as it; without it a dialog over the page. */
  readonly container?: HTMLElement;
  /** What screen readers call the frame; "Wallet" if absent. */
  readonly title?: string;
  /** Ends the handshake. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the wallet has to answer at first; 10,000 if absent. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Milliseconds without a word about a request, after which it fails with TIMEOUT; 90,000 if absent. The wallet says every ten
   * seconds that it is still there, so the user may take as long as they want.
   */
  readonly silenceTimeoutMs?: number;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 90_000;

/**
 * Embeds a wallet in this page, and connects to it. Rejects with `EmbeddedWalletError`: UNREACHABLE when the wallet does not
 * answer, also because it does not serve this page's origin, VERSION_MISMATCH, CANCELLED, or REQUEST_INVALID for a URL that is
 * none of a wallet.
 */
export async function connectWallet(options: ConnectWalletOptions): Promise<EmbeddedWallet> {
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, silenceTimeoutMs = SILENCE_TIMEOUT_MS } = options;
  const url = walletUrl(options.url);
  const frame = openFrame(url, options);
  const { element } = frame;
  try {
    const loaded = new Promise<void>((resolve) => {
      element.addEventListener("load", () => resolve(), { once: true });
    });
    const post = (message: string) => {
      const { port1, port2 } = new MessageChannel();
      element.contentWindow?.postMessage(message, url.origin, [port2]);
      return framePortOf(port1);
    };
    const { port, capabilities } = await greet({ loaded, post }, handshakeTimeoutMs, options.signal);
    const walletPort = new WalletPort(port, frame, silenceTimeoutMs);
    // Its next document knows nothing of this one's port.
    element.addEventListener("load", () => walletPort.close("the wallet's page went away"));
    walletPort.closed.then(() => frame.remove());
    return embeddedWalletOver(walletPort, capabilities);
  } catch (error) {
    frame.remove();
    throw error;
  }
}

function walletUrl(text: string): URL {
  try {
    originOf(text);
  } catch (cause) {
    throw frameError("REQUEST_INVALID", "a wallet's URL is https, or http on localhost", { cause });
  }
  return new URL(text);
}
