import { MessageChannel, type MessagePort } from "node:worker_threads";
import { onTestFinished } from "vitest";
import type { EmbeddedWallet } from "../../../../clients/web/src/iframe/api.ts";
import type { EmbeddedWalletError } from "../../../../clients/web/src/iframe/embedded-wallet-error.ts";
import type { FramePort } from "../../../../clients/web/src/iframe/frame-port.ts";
import {
  serveEmbeddedWalletIn,
  type WindowMessage,
} from "../../../../clients/web/src/iframe/guest/serve-embedded-wallet-in.ts";
import type {
  EmbeddedWalletServer,
  ServeEmbeddedWalletOptions,
} from "../../../../clients/web/src/iframe/guest-api.ts";
import { embeddedWalletOver } from "../../../../clients/web/src/iframe/host/embedded-wallet-over.ts";
import { greet } from "../../../../clients/web/src/iframe/host/handshake.ts";
import { WalletPort } from "../../../../clients/web/src/iframe/host/wallet-port.ts";
import { type Screen, screen } from "./screen.ts";
import { type ScriptedWallet, scriptedWallet } from "./scripted-wallet.ts";

/** The origins that a guest serves. */
export const [APP, OTHER_APP] = ["https://app.example", "https://other.example"];
/** What an application posts first. */
export const HELLO = JSON.stringify({ type: "countersign-wallet-hello", protocolVersion: 1 });
const WAIT_MS = 5_000;

/** A wallet's page in Node: its window is made up, its ports are real. */
export interface Guest {
  readonly server: EmbeddedWalletServer;
  readonly wallet: ScriptedWallet;
  readonly screen: Screen;
  /** What the wallet's page was told, oldest first. */
  readonly errors: { readonly error: EmbeddedWalletError; readonly origin: string }[];
  /** What each application's frame was asked: "show", "hide", or its height. */
  readonly frames: Record<string, (string | number)[]>;
  /** Posts to the window, and gives the port's other end. */
  post(data: unknown, from?: { origin?: string; source?: unknown }): MessagePort;
  /** An application's wallet. */
  open(origin?: string, silenceMs?: number): Promise<EmbeddedWallet>;
  /** One that may see the accounts. */
  connected(origin?: string): Promise<EmbeddedWallet>;
}

/** Starts it until the test ends. */
export function startGuest(
  options: Partial<ServeEmbeddedWalletOptions> = {},
  ancestors?: readonly string[],
): Guest {
  const self = {};
  const parent = {};
  const listeners = new Set<(message: WindowMessage) => void>();
  const ports: MessagePort[] = [];
  const errors: Guest["errors"] = [];
  const frames: Guest["frames"] = {};
  const own = screen();
  const wallet = scriptedWallet();
  const listen = (listener: (message: WindowMessage) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const server = serveEmbeddedWalletIn(
    { self, parent, ancestors, listen },
    {
      allowedOrigins: [APP, OTHER_APP],
      wallet,
      network: "testnet",
      ui: own.ui,
      onError: (error, origin) => errors.push({ error, origin }),
      ...options,
    },
  );
  onTestFinished(() => {
    server.close();
    for (const port of ports) port.close();
  });
  const post: Guest["post"] = (data, { origin = APP, source = parent } = {}) => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    for (const listener of listeners) listener({ source, origin, data, port: nodePort(port2) });
    return port1;
  };
  const open: Guest["open"] = async (origin = APP, silenceMs = WAIT_MS) => {
    const guest = {
      loaded: Promise.resolve(),
      post: (message: string) => nodePort(post(message, { origin })),
    };
    const { port, capabilities } = await greet(guest, WAIT_MS);
    const asked = frames[origin] ?? [];
    frames[origin] = asked;
    const frame = {
      show: (isVisible: boolean) => asked.push(isVisible ? "show" : "hide"),
      resize: (height: number) => asked.push(height),
    };
    return embeddedWalletOver(new WalletPort(port, frame, silenceMs), capabilities);
  };
  return {
    ...{ server, wallet, screen: own, errors, frames, post, open },
    async connected(origin) {
      const opened = await open(origin);
      const accounts = opened.connect();
      (await own.next()).answer(wallet.accountIds);
      await accounts;
      return opened;
    },
  };
}

/** A port of Node, which copies what it carries as those of browsers do. */
export function nodePort(port: MessagePort): FramePort {
  return {
    send: (message) => port.postMessage(message),
    receive(listener) {
      port.removeAllListeners("message");
      port.on("message", listener);
    },
    ended: (listener) => void port.on("close", listener),
    close: () => port.close(),
  };
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<EmbeddedWalletError> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );
}
