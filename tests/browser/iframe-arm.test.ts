import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { type BuiltPage, buildPage, type FrameServer, serveFrame } from "./support/frame-servers.ts";

const FRAME = "position:absolute;left:0;width:400px;height:460px;border:0";
/** A little longer than a button takes to be armed, where it is to be seen that it is not. */
const ARMED_BY_THEN_MS = 1_500;

describe.skipIf(chromiumPath === undefined)("a button in a frame", { timeout: 120_000 }, () => {
  let browser: Browser;
  let built: BuiltPage;
  let wallet: FrameServer;
  let page: Page;
  const app: { [site: string]: FrameServer } = {};

  beforeAll(async () => {
    built = await buildPage(join(import.meta.dirname, "page"), "iframe-arm.html");
    wallet = await serveFrame("localhost", { ...built, html: "iframe-arm.html" });
    app["another site"] = await serveFrame("127.0.0.1", { document: "<!doctype html>" });
    app["the same site"] = await serveFrame("localhost", { document: "<!doctype html>" });
    browser = await startChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    for (const server of [wallet, ...Object.values(app)]) await server?.stop();
    await built?.remove();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 900, height: 700 } });
    return () => page.close();
  });

  const inFrame = (selector: string) => page.frameLocator("iframe").locator(selector);
  const agree = (state: "enabled" | "disabled") => inFrame(`#agree:${state}`);
  const open = async (site: string, around: string, top: number, lines = 3) => {
    await page.goto(app[site]?.origin ?? "");
    const frame = `<iframe src="${wallet.origin}?lines=${lines}" style="${FRAME};top:${top}px"></iframe>`;
    await page.setContent(around.replace("FRAME", frame));
    await inFrame("#agree").waitFor({ state: "attached" });
  };
  const change = (selector: string, style: string) =>
    page.locator(selector).evaluate((part, style) => part.setAttribute("style", style), style);
  const clip = "position:fixed;inset:0 auto auto 0;width:400px;overflow:hidden;height:";
  const cover = "position:fixed;left:0;top:0;width:400px;background:#fff;height:";

  describe.each(["another site", "the same site"])("of a page of %s", (site) => {
    test("is armed only while all that it agrees to is in view, not when the page crops it away", async () => {
      await open(site, `<div id="around" style="${clip}70px">FRAME</div>`, -390);
      await page.waitForTimeout(ARMED_BY_THEN_MS);
      expect(await agree("disabled").count()).toBe(1);
      await open(site, `<div id="around" style="${clip}460px">FRAME</div>`, 0);
      await agree("enabled").waitFor();
      // Who asks is out of view now.
      await change("iframe", `${FRAME};top:-30px`);
      await agree("disabled").waitFor();
    });

    test("is armed only while nothing covers what it agrees to", async () => {
      await open(site, `FRAME<div id="around" style="${cover}250px">Do you take cookies?</div>`, 0);
      await page.waitForTimeout(ARMED_BY_THEN_MS);
      expect(await agree("disabled").count()).toBe(1);
      await change("#around", "display:none");
      await agree("enabled").waitFor();
      await change("#around", `${cover}30px;top:200px`);
      await agree("disabled").waitFor();
    });
  });

  test("is armed once its user has scrolled through what is longer than its place, and not past it", async () => {
    await open("another site", "FRAME", 0, 200);
    const scrollTo = (top: number) => inFrame("#request").evaluate((part, top) => part.scrollTo(0, top), top);
    await scrollTo(1e6);
    await page.waitForTimeout(ARMED_BY_THEN_MS);
    expect(await agree("disabled").count()).toBe(1);
    await scrollTo(0);
    await inFrame("#request").hover();
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, 200);
          return agree("enabled").count();
        },
        { timeout: 30_000, interval: 50 },
      )
      .toBe(1);
    await agree("enabled").click();
    await inFrame("body[data-agreed]").waitFor();
  });
});
