import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin, preview } from "vite";

/** A page, bundled as an application would be, on a free port. */
export interface PageServer {
  /** "http://localhost:" and the port: a secure context, and a relying party's origin. */
  readonly origin: string;
  /** What `config.json` beside the page says. */
  config: object;
  /** Where `near` beside the page leads: pages may not ask a devnet themselves. */
  nearUrl: string;
  stop(): Promise<void>;
}

/** What a wallet's page should have: no code but its own. Its relay is of another origin. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self' http://127.0.0.1:*";

/** Bundles one page of a folder. It is below the origin by its file's name. */
export async function servePage(root: string, html = "index.html"): Promise<PageServer> {
  const outDir = await mkdtemp(join(tmpdir(), "page-"));
  const common = { root, configFile: false, logLevel: "warn" } as const;
  await build({
    ...common,
    build: {
      outDir,
      emptyOutDir: true,
      target: "esnext",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, html) },
    },
    worker: { format: "es" },
  });
  const state = { config: {}, nearUrl: "" };
  const server = await preview({
    ...common,
    build: { outDir },
    preview: {
      host: "localhost",
      port: 0,
      headers: { "Content-Security-Policy": CONTENT_SECURITY_POLICY },
    },
    plugins: [answers(state)],
  });
  const { port } = server.httpServer.address() as AddressInfo;
  return Object.assign(state, {
    origin: `http://localhost:${port}`,
    async stop() {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  });
}

function answers(state: { config: object; nearUrl: string }): Plugin {
  return {
    name: "answers",
    configurePreviewServer({ middlewares }) {
      middlewares.use("/config.json", (_, response) => {
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify(state.config));
      });
      middlewares.use("/near", async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const headers = { "Content-Type": "application/json" };
        const answer = await fetch(state.nearUrl, { method: "POST", headers, body: Buffer.concat(chunks) });
        response.setHeader("Content-Type", "application/json");
        response.end(await answer.text());
      });
    },
  };
}
