import { exactOrigin, originOf } from "./exact-origin.ts";
import { FRAME_FEATURES } from "./frame-permissions.ts";

/** Header names and values, each for one header. */
export type HeaderMap = Readonly<Record<string, string>>;

export interface WalletHeadersOptions {
  /** The origins of one tenant's applications, which may embed the wallet; exact. Empty for pages that nobody embeds. */
  readonly allowedOrigins: readonly string[];
  /** URLs of the relays that the wallet speaks to. */
  readonly relays: readonly string[];
  /** URLs of the NEAR and EVM endpoints that it speaks to. */
  readonly rpcs?: readonly string[];
  /**
   * Whether the wallet wants to be cross-origin isolated, as for the export of keys. In a frame it is, if the application is
   * isolated as well; as a page of its own it is anyway.
   */
  readonly isolate?: boolean;
}

/** Features of a browser that a wallet has no use for, and that code which comes into it should not have. */
const UNUSED_FEATURES = ["camera", "geolocation", "microphone", "payment", "usb", "serial", "hid"];

/**
 * The headers of everything below a wallet's origin: its own code alone, which speaks to its relays and endpoints alone, framed
 * by this tenant's applications alone. Throws TypeError for what is no exact origin, or no URL of https or of localhost.
 */
export function walletHeaders(options: WalletHeadersOptions): HeaderMap {
  const { allowedOrigins, relays, rpcs = [], isolate = false } = options;
  const ancestors = [...new Set(allowedOrigins.map(exactOrigin))];
  const connections = [...new Set([...relays, ...rpcs].map(originOf))];
  const policy = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "worker-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": orNone(connections),
    "frame-ancestors": orNone(ancestors),
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
  };
  return {
    "Content-Security-Policy": directives(policy),
    "Permissions-Policy": [
      ...FRAME_FEATURES.map((feature) => `${feature}=(self)`),
      ...UNUSED_FEATURES.map((feature) => `${feature}=()`),
    ].join(", "),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    ...(isolate
      ? {
          "Cross-Origin-Opener-Policy": "same-origin",
          "Cross-Origin-Embedder-Policy": "require-corp",
          "Cross-Origin-Resource-Policy": "cross-origin",
        }
      : { "Cross-Origin-Opener-Policy": "same-origin-allow-popups" }),
  };
}

export interface ApplicationHeadersOptions {
  /** The wallet's origin, exact. */
  readonly walletOrigin: string;
  /** Whether the application's pages are cross-origin isolated, so that a wallet in them may be. */
  readonly isolate?: boolean;
}

/**
 * What the pages of an application need to embed a wallet, besides their own headers. The policy restricts nothing but frames;
 * a browser that gets several holds a page to all of them. Throws TypeError.
 */
export function applicationHeaders({ walletOrigin, isolate = false }: ApplicationHeadersOptions): HeaderMap {
  const wallet = exactOrigin(walletOrigin);
  return {
    "Content-Security-Policy": directives({ "frame-src": [wallet] }),
    "Permissions-Policy": FRAME_FEATURES.map((feature) => `${feature}=(self "${wallet}")`).join(", "),
    ...(isolate
      ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
      : {}),
  };
}

function orNone(sources: readonly string[]): readonly string[] {
  return sources.length === 0 ? ["'none'"] : sources;
}

function directives(policy: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(policy)
    .map(([name, sources]) => [name, ...sources].join(" "))
    .join("; ");
}
