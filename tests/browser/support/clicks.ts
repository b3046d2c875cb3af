import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";

/** Clicks, and waits for the line that comes of it. */
export async function click(page: Page, id: string): Promise<string> {
  const lines = page.locator("#log li");
  await lines.first().waitFor();
  const before = await lines.count();
  await page.click(`#${id}`);
  const line = lines.nth(before);
  await line.waitFor();
  return (await line.textContent()) ?? "";
}

/** For a person to look at: says where it is. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const path = join(await mkdtemp(join(tmpdir(), "wallet-page-")), `${name}.png`);
  await page.screenshot({ path });
  process.stdout.write(`screenshot: ${path}\n`);
}
