import { exactOrigin } from "../../headers/exact-origin.ts";
import { memoryStore } from "../../wallet/text-store.ts";
import { frameError } from "../embedded-wallet-error.ts";
import type { FramePort } from "../frame-port.ts";
import type { EmbeddedWalletServer, ServeEmbeddedWalletOptions } from "../guest-api.ts";
import { type GuestMessage, PROTOCOL_VERSION, readMessage } from "../protocol.ts";
import { Grants } from "./grants.ts";
import type { GuestContext } from "./guest-context.ts";
import { GuestSession } from "./guest-session.ts";
import { Patience } from "./patience.ts";
import { Turns } from "./turns.ts";

/** A message to the wallet's window, as the browser tells of it. */
export interface WindowMessage {
  readonly source: unknown;
  readonly origin: string;
  /** Reading it is what costs. */
  readonly data: unknown;
  readonly port: FramePort | undefined;
}

/** The window of a wallet's page. */
export interface GuestWindow {
  /** The window itself, which has nothing to ask. */
  readonly self: unknown;
  /** The window around it; itself, if there is none. */
  readonly parent: unknown;
  /** The origins of all windows around it, where the browser tells; "null" where it does not tell of one. */
  readonly ancestors: readonly string[] | undefined;
  /** Hands over every message until what it gives is called. */
  listen(listener: (message: WindowMessage) => void): () => void;
}

/** Ports of one page. A host that repeats its hello while this page starts has several for a moment. */
const MAX_SESSIONS = 16;
/** Characters of a hello. */
const MAX_HELLO = 256;

/**
 * Serves the applications that embed this window, if any does. Throws TypeError when an origin is not exact.
 */
export function serveEmbeddedWalletIn(
  { self, parent, ancestors = [], listen }: GuestWindow,
  options: ServeEmbeddedWalletOptions,
): EmbeddedWalletServer {
  const { wallet, network, ui, grants = memoryStore(), onError = () => undefined } = options;
  const allowed = new Set(options.allowedOrigins.map(exactOrigin));
  const context: GuestContext = {
    ...{ wallet, network, ui, onError },
    grants: new Grants(grants),
    turns: new Turns(),
    patience: new Patience(),
  };
  const sessions = new Set<GuestSession>();
  // A page that is served may stand in one that is not, which can move and crop both.
  const stranger = ancestors.find((origin) => origin !== "null" && !allowed.has(origin));

  const refuse = (port: FramePort, version: number, origin: string) => {
    const refusal: GuestMessage = { type: "refused", protocolVersion: PROTOCOL_VERSION };
    port.send(JSON.stringify(refusal));
    const versions = `the application speaks version ${version}, this wallet ${PROTOCOL_VERSION}`;
    const isOther = version !== PROTOCOL_VERSION;
    const error = isOther
      ? frameError("VERSION_MISMATCH", versions)
      : frameError("TOO_MANY_REQUESTS", "too many ports");
    onError(error, origin);
  };
  const stop = listen((message) => {
    const { source, origin, port } = message;
    // Other windows, and frames of this one, have nothing to ask.
    if (source !== parent || parent === self) return;
    const version = versionOf(message);
    if (version === undefined || port === undefined) return;
    const unserved = allowed.has(origin) ? stranger : origin;
    if (unserved !== undefined) {
      onError(frameError("ORIGIN_NOT_ALLOWED", "the wallet does not serve this origin"), unserved);
    } else if (version !== PROTOCOL_VERSION || sessions.size >= MAX_SESSIONS) {
      refuse(port, version, origin);
    } else {
      const session = new GuestSession(port, origin, context, () => sessions.delete(session));
      sessions.add(session);
    }
  });

  return {
    resize(height) {
      for (const session of sessions) session.post({ type: "size", height });
    },
    close() {
      stop();
      for (const session of [...sessions]) session.end();
    },
  };
}

/** The version of a hello; undefined for every other message, of which pages have many. */
function versionOf({ data }: WindowMessage): number | undefined {
  const hello = readMessage(data, MAX_HELLO);
  if (hello?.type !== "countersign-wallet-hello" || !Number.isSafeInteger(hello.protocolVersion)) return;
  return hello.protocolVersion as number;
}
