import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PresignatureStore } from "../../clients/web/src/vault/presignature-store.ts";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import type { PageConfig } from "./support/page-config.ts";
import { type PageServer, servePage } from "./support/page-server.ts";

declare const presignatures: PresignatureStore;

const COUNT = 40;

describe.skipIf(chromiumPath === undefined)("presignatures in IndexedDB", { timeout: 60_000 }, () => {
  let server: PageServer;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    server = await servePage(join(import.meta.dirname, "page"));
    const config: PageConfig = {
      ...{ relayUrl: "http://127.0.0.1:1", tenant: "none", rpId: "localhost" },
      ...{ network: "none", accountId: "alice.test" },
    };
    server.config = config;
    browser = await startChromium();
  }, 120_000);
  beforeEach(async () => {
    context = await browser.newContext();
    return () => context.close();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function openTab(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(server.origin);
    await page.locator("#log li").first().waitFor();
    return page;
  }

  const put = (page: Page, keyId: string, count: number) =>
    page.evaluate(
      async ({ keyId, count }) => {
        for (let i = 0; i < count; i++) {
          await presignatures.put({ keyId, id: `${keyId}-${i}`, sealed: Uint8Array.of(i, 255) });
        }
      },
      { keyId, count },
    );
  const ids = (page: Page, keyId: string) => page.evaluate((name) => presignatures.ids(name), keyId);
  /** Asks for `count` at once. */
  const take = (page: Page, keyId: string, count: number) =>
    page.evaluate(
      async ({ keyId, count }) => {
        const taken = await Promise.all(Array.from({ length: count }, () => presignatures.take(keyId)));
        return taken.map((entry) => entry && { ...entry, sealed: [...entry.sealed] });
      },
      { keyId, count },
    );

  it("are given once, to one of all tabs that take at the same time", async () => {
    const tabs = await Promise.all([openTab(), openTab(), openTab()]);
    const [first] = tabs;
    await put(first, "key", COUNT);
    const taken = (await Promise.all(tabs.map((tab) => take(tab, "key", COUNT)))).flat();
    const given = taken.flatMap((entry) => (entry === undefined ? [] : [entry.id]));
    expect([given.length, new Set(given).size]).toEqual([COUNT, COUNT]);
    expect(await ids(first, "key")).toEqual([]);
  });

  it("are as they were put, and stay when the page is loaded again", async () => {
    const page = await openTab();
    await put(page, "key", 2);
    await page.reload();
    await page.locator("#log li").first().waitFor();
    expect(await ids(page, "key")).toEqual(["key-0", "key-1"]);
    expect(await take(page, "key", 1)).toEqual([{ keyId: "key", id: "key-0", sealed: [0, 255] }]);
    await page.reload();
    await page.locator("#log li").first().waitFor();
    expect(await ids(page, "key")).toEqual(["key-1"]);
  });

  it("are kept apart by key, and forgotten by name", async () => {
    const page = await openTab();
    await put(page, "one", 3);
    await put(page, "one-more", 1);
    await page.evaluate(() => presignatures.forget("one", ["one-0", "one-2", "nothing"]));
    expect(await ids(page, "one")).toEqual(["one-1"]);
    expect((await take(page, "one", 2)).map((entry) => entry?.id)).toEqual(["one-1", undefined]);
    expect(await ids(page, "one-more")).toEqual(["one-more-0"]);
  });
});
