import type { WalletCapabilities } from "../api.ts";
import { type EmbeddedWalletError, frameError } from "../embedded-wallet-error.ts";
import type { FramePort } from "../frame-port.ts";
import {
  type GuestMessage,
  type Hello,
  type HostMessage,
  MAX_ANSWER_LENGTH,
  PROTOCOL_VERSION,
  readMessage,
} from "../protocol.ts";

/** Milliseconds until the hello is repeated, which doubles: the wallet's page may still be starting when it has loaded. */
const FIRST_REPEAT_MS = 100;

/** The wallet's page, as far as the handshake sees it. */
export interface GuestWindow {
  /** Posts to the window with a port, if its document is of the wallet's origin, and else to nobody; gives the port's other end. */
  post(message: string): FramePort;
  /** Tells when its document has loaded; also if it has before. */
  readonly loaded: Promise<void>;
}

/** What came of the handshake. */
export interface Greeted {
  readonly port: FramePort;
  readonly capabilities: WalletCapabilities;
}

/**
 * Says hello until the wallet answers through a port of the hello; whoever has that port is of the wallet's origin, for
 * nobody else got it. Rejects with UNREACHABLE, CANCELLED, or what the wallet refuses it with. Listen to the port at once: what
 * comes before is lost.
 */
export function greet(guest: GuestWindow, timeoutMs: number, signal?: AbortSignal): Promise<Greeted> {
  return new Promise((resolve, reject) => {
    const ports = new Set<FramePort>();
    let isOver = false;
    let repeat: ReturnType<typeof setTimeout> | undefined;
    const end = (kept?: FramePort) => {
      isOver = true;
      clearTimeout(repeat);
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      for (const port of ports) {
        if (port !== kept) hangUp(port);
      }
    };
    const fail = (error: EmbeddedWalletError) => {
      end();
      reject(error);
    };
    const cancel = () => fail(frameError("CANCELLED", "cancelled", { cause: signal?.reason }));
    const timer = setTimeout(() => fail(unreachable()), timeoutMs);

    const hello = (pauseMs: number) => {
      if (isOver) return;
      const words: Hello = { type: "countersign-wallet-hello", protocolVersion: PROTOCOL_VERSION };
      const port = guest.post(JSON.stringify(words));
      ports.add(port);
      port.receive((data) => {
        if (isOver) return;
        const message = readMessage(data, MAX_ANSWER_LENGTH) as GuestMessage | undefined;
        if (message?.type === "welcome" && message.protocolVersion === PROTOCOL_VERSION) {
          end(port);
          resolve({ port, capabilities: message.capabilities });
        } else if (message?.type === "welcome" || message?.type === "refused") {
          fail(refusal(message));
        }
      });
      repeat = setTimeout(() => hello(2 * pauseMs), pauseMs);
    };

    if (signal?.aborted) return cancel();
    signal?.addEventListener("abort", cancel);
    guest.loaded.then(() => hello(FIRST_REPEAT_MS));
  });
}

/** Tells the wallet that this port is not used any more. */
export function hangUp(port: FramePort): void {
  const bye: HostMessage = { type: "bye" };
  port.send(JSON.stringify(bye));
  port.close();
}

function unreachable(): EmbeddedWalletError {
  return frameError("UNREACHABLE", "the wallet did not answer: is it there, and may this page embed it?");
}

function refusal(message: Extract<GuestMessage, { type: "welcome" | "refused" }>): EmbeddedWalletError {
  if (message.protocolVersion !== PROTOCOL_VERSION) {
    const versions = `this page speaks version ${PROTOCOL_VERSION}, the wallet ${message.protocolVersion}`;
    return frameError("VERSION_MISMATCH", `the wallet's protocol is another one: ${versions}`);
  }
  return frameError("TOO_MANY_REQUESTS", "the wallet has too many connections to this page");
}
