import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { chromiumPath } from "../../support/chromium.ts";

/**
 * A Chromium in which a frame of another site has a storage of its own, as browsers have it: Playwright turns that off, and then
 * such frames have no storage at all. Throws without the program. Call `close` at the end.
 */
export async function startPartitioningChromium(): Promise<Browser> {
  if (chromiumPath === undefined)
    throw new Error("TEST_CHROMIUM is not set: run through scripts/services.sh");
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    ignoreDefaultArgs: true,
    args: [
      "--headless",
      "--remote-debugging-pipe",
      `--user-data-dir=${profile}`,
      "--no-first-run",
      "--disable-background-networking",
      "--hide-scrollbars",
      "--password-store=basic",
      // Chromium's own sandbox does not start as root.
      ...(isRoot ? ["--no-sandbox"] : []),
      "about:blank",
    ],
  });
  // Its processes end one after another, and write a last time.
  const removal = { recursive: true, force: true, maxRetries: 10, retryDelay: 200 };
  browser.on("disconnected", () => void rm(profile, removal));
  return browser;
}
