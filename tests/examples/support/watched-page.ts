import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { addAuthenticator } from "../../support/chromium.ts";

/** A page of a browser of its own, with a passkey authenticator. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors in the console, of scripts and of policies, in all of its frames. */
  readonly complaints: string[];
  /** How often a passkey was asked for since the page was loaded. */
  prompts(): Promise<number>;
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  await addAuthenticator(page);
  await page.addInitScript(countPrompts);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const prompts = () => page.evaluate(() => (globalThis as unknown as { prompts: number }).prompts);
  return { page, complaints, prompts };
}

/** Runs in each document before its own code. */
function countPrompts(): void {
  const counted = globalThis as unknown as {
    prompts: number;
    CredentialsContainer?: { prototype: Record<"get" | "create", (...of: unknown[]) => unknown> };
  };
  counted.prompts = 0;
  const prototype = counted.CredentialsContainer?.prototype;
  if (prototype === undefined) return;
  for (const name of ["get", "create"] as const) {
    const original = prototype[name];
    prototype[name] = function (this: unknown, ...of) {
      counted.prompts += 1;
      return original.apply(this, of);
    };
  }
}
