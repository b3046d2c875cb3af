import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { build } from "vite";
import { type HeadersFor, sendHeaders } from "../../../clients/web/src/headers/index.ts";
import type { PageConfig } from "./page-config.ts";

/** What a wallet's page in a frame is told. */
export interface FramePageConfig extends PageConfig {
  readonly allowedOrigins: readonly string[];
}

/** A page, bundled as an application would be, to be served from several origins. */
export interface BuiltPage {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Bundles one page of a folder, which is served at "/". */
export async function buildPage(root: string, html: string): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), "page-"));
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "esnext",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, html) },
    },
    worker: { format: "es" },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** An origin of its own. */
export interface FrameServer {
  readonly origin: string;
  /** The headers of all that it answers. */
  headers: HeadersFor;
  /** What `config.json` says. */
  config: object;
  /** Where `near` leads. */
  nearUrl: string;
  stop(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

/** Serves a page, or the one document of a text, on a free port. @param host "localhost", or "127.0.0.1", which is another site */
export async function serveFrame(
  host: "localhost" | "127.0.0.1",
  what: { readonly folder: string; readonly html: string } | { readonly document: string },
): Promise<FrameServer> {
  const state: Pick<FrameServer, "headers" | "config" | "nearUrl"> = { headers: {}, config: {}, nearUrl: "" };
  // Browsers ask for an icon, and complain when there is none.
  const contentOf = async (path: string): Promise<{ type: string; content: Buffer | string } | undefined> => {
    if (path === "/config.json") return { type: "application/json", content: JSON.stringify(state.config) };
    if (path === "/favicon.ico") return { type: "image/x-icon", content: "" };
    if ("document" in what)
      return path === "/" ? { type: TYPES[".html"] ?? "", content: what.document } : undefined;
    const file = join(what.folder, normalize(path === "/" ? `/${what.html}` : path));
    const type = TYPES[extname(file)];
    if (type === undefined) return undefined;
    return { type, content: await readFile(file) };
  };
  const server = createServer(async (request, response) => {
    sendHeaders(state.headers)(request, response);
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    try {
      if (pathname === "/near") {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const headers = { "Content-Type": "application/json" };
        const answer = await fetch(state.nearUrl, { method: "POST", headers, body: Buffer.concat(chunks) });
        response.setHeader("Content-Type", "application/json");
        response.end(await answer.text());
        return;
      }
      const found = await contentOf(pathname);
      if (found === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "Content-Type": found.type }).end(found.content);
    } catch {
      response.writeHead(500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    origin: `http://${host}:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
