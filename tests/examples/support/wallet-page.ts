import type { Locator, Page } from "playwright-core";

/** Creates an account as its user does. */
export async function createAccount(page: Page, name: string): Promise<void> {
  await page.getByLabel("Account name").fill(name);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.locator("#account").waitFor({ timeout: 60_000 });
}

/** Goes to one of the wallet's views. */
export async function open(page: Page, view: string): Promise<void> {
  await page.getByRole("navigation").getByRole("button", { name: view }).click();
  await page.getByRole("heading", { name: view, exact: true }).first().waitFor();
}

/** How an action ended, as it says. */
export async function statusOf(within: Locator): Promise<string> {
  const ended = within.locator('.status[data-kind="done"], .status[data-kind="failed"]');
  await ended.waitFor({ timeout: 60_000 });
  return ((await ended.textContent()) ?? "").trim();
}
