import type { Locator } from "playwright-core";

/**
 * Clicks on what takes its own frame out of the page, and waits for what shows that it did: Chromium never says that a frame had a
 * click if the frame is gone by then, and Playwright waits for that.
 */
export async function clickAway(button: Locator, shown: Locator): Promise<void> {
  await Promise.any([button.click().then(() => shown.waitFor()), shown.waitFor()]);
}
