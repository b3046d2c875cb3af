import { join } from "node:path";
import { type PageServer, servePage } from "../../../tests/browser/support/page-server.ts";
import { addAuthenticator, chromiumPath, startChromium } from "../../../tests/support/chromium.ts";
import { TENANT } from "../relay/tenant.ts";
import { NETWORK } from "../shared/keystore.ts";
import { type PageThreads, TRACE_CATEGORIES, threadsOfPage } from "./chromium-trace.ts";
import type { PageConfig, PagesBench } from "./page-bench.ts";
import { POOL } from "./sizes.ts";

type Chromium = Awaited<ReturnType<typeof startChromium>>;

/** One pool that a page filled, from the key's creation on. */
export interface BrowserRound extends PageThreads {
  readonly presignatures: number;
  /** CPU time of Chromium's process of the page, in milliseconds: its thread, the worker, compiling, collecting garbage. */
  readonly rendererMs: number;
}

/** Why there is no browser here; undefined when there is one. */
export function whyNoBrowser(): string | undefined {
  return chromiumPath === undefined
    ? "no Chromium: set TEST_CHROMIUM or run through scripts/services.sh run"
    : undefined;
}

declare const pagesBench: PagesBench;

/** Chromium, and the page of a wallet. */
export class BenchBrowser {
  readonly #chromium: Chromium;
  readonly #server: PageServer;
  #rounds = 0;

  private constructor(chromium: Chromium, server: PageServer) {
    this.#chromium = chromium;
    this.#server = server;
  }

  static async start(): Promise<BenchBrowser> {
    const server = await serveBenchPage();
    try {
      return new BenchBrowser(await startChromium(), server);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get origin(): string {
    return this.#server.origin;
  }

  /** Has a page that was just opened fill the pool of a new key, through this relay. */
  async measure(relayUrl: string): Promise<BrowserRound> {
    const config: PageConfig = { relayUrl, tenant: TENANT, network: NETWORK };
    this.#server.config = config;
    const page = await this.#chromium.newPage();
    try {
      await addAuthenticator(page);
      await page.goto(this.origin);
      await page.waitForFunction(() => "pagesBench" in globalThis);
      const accountId = `page-${this.#rounds++}.test`;
      await page.evaluate((account) => pagesBench.register(account), accountId);
      const before = await this.#rendererMs();
      await this.#chromium.startTracing(page, { categories: TRACE_CATEGORIES });
      await page.evaluate(([account, count]) => pagesBench.fillPool(account, count), [
        accountId,
        POOL,
      ] as const);
      const trace = await this.#chromium.stopTracing();
      const rendererMs = (await this.#rendererMs()) - before;
      return { ...threadsOfPage(trace.toString("utf8")), rendererMs, presignatures: POOL };
    } finally {
      await page.close();
    }
  }

  async stop(): Promise<void> {
    await this.#chromium.close();
    await this.#server.stop();
  }

  /** CPU milliseconds of all pages' processes. */
  async #rendererMs(): Promise<number> {
    const devtools = await this.#chromium.newBrowserCDPSession();
    const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
    await devtools.detach();
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    return renderers.reduce((ms, { cpuTime }) => ms + cpuTime * 1000, 0);
  }
}

/** Vite makes this process a production's, and with it those that are started later. */
async function serveBenchPage(): Promise<PageServer> {
  const { NODE_ENV: before } = process.env;
  try {
    return await servePage(join(import.meta.dirname, "page"));
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}
