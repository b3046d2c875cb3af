import { type HeadersFor, type RequestLike, type ResponseLike, sendHeaders } from "./send-headers.ts";
import type { HeaderMap } from "./wallet-headers.ts";

interface ServerLike {
  readonly middlewares: {
    use(step: (request: RequestLike, response: ResponseLike, next: () => void) => void): unknown;
  };
}

/** A plugin of Vite. */
export interface HeadersPlugin {
  readonly name: string;
  configureServer(server: ServerLike): void;
  configurePreviewServer(server: ServerLike): void;
}

/**
 * A plugin of Vite that sends these headers. `vite preview` sends them as they are; the development server, which puts styles into
 * the page and speaks to it, adds what it needs for that, so look at your pages in `vite preview`, too.
 */
export function viteHeaders(headers: HeadersFor): HeadersPlugin {
  const of = typeof headers === "function" ? headers : () => headers;
  return {
    name: "countersign-headers",
    configureServer({ middlewares }) {
      middlewares.use(sendHeaders((request) => forDevelopment(of(request))));
    },
    configurePreviewServer({ middlewares }) {
      middlewares.use(sendHeaders(of));
    },
  };
}

function forDevelopment(headers: HeaderMap): HeaderMap {
  const { "Content-Security-Policy": policy, ...rest } = headers;
  if (policy === undefined) return headers;
  const relaxed = policy
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    .replace("connect-src 'none'", "connect-src 'self'")
    .replace(/connect-src (?!'self')/, "connect-src 'self' ");
  return { ...rest, "Content-Security-Policy": relaxed };
}
