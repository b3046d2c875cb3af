import { join } from "node:path";
import { clientShare, wrapKeySeed } from "@countersign/crypto/derive.ts";
import { verifyingShare } from "@countersign/crypto/frost-ed25519.ts";
import { JsonRpcProvider } from "near-api-js";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addAuthenticator, chromiumPath, startChromium } from "../support/chromium.ts";
import { NETWORK } from "../support/test-relay.ts";
import { startWalletWorld, WALLET_TENANT, type WalletWorld } from "../support/wallet-world.ts";
import { click as clickOn, screenshot } from "./support/clicks.ts";
import type { PageConfig } from "./support/page-config.ts";
import { type PageServer, servePage } from "./support/page-server.ts";
import { forms, type Seen, watchSecrets } from "./support/secrets.ts";

const ACCOUNT = "alice.relay.test";

describe.skipIf(chromiumPath === undefined)("a wallet in Chromium", () => {
  let server: PageServer;
  let world: WalletWorld;
  let browser: Browser;
  let page: Page;
  /** Everything that the page sent to another origin, in order. */
  const sent: { readonly method: string; readonly body: Buffer }[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await servePage(join(import.meta.dirname, "page"));
    world = await startWalletWorld({ rpId: "localhost", origin: server.origin });
    const config: PageConfig = {
      relayUrl: world.relayUrl,
      tenant: WALLET_TENANT,
      rpId: "localhost",
      network: NETWORK,
      accountId: ACCOUNT,
    };
    server.config = config;
    server.nearUrl = world.devnet.rpcUrls[0] ?? "";
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 900, height: 900 } });
    await addAuthenticator(page);
    await page.addInitScript(watchSecrets);
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(world.relayUrl) || request.method() !== "POST") return;
      const method = request.url().split("/").at(-1) ?? "";
      sent.push({ method, body: request.postDataBuffer() ?? Buffer.alloc(0) });
    });
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
    await server?.stop();
  });

  const click = (id: string, on: Page = page) => clickOn(on, id);
  const seen = () => page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
  const callsOf = (method: string) => sent.filter((call) => call.method === method).length;

  test("registers, creates its key, logs in, and has a delegate relayed", { timeout: 120_000 }, async () => {
    await page.goto(server.origin);
    expect(await click("register")).toMatch(/^register: \S+$/);
    const key = await click("create-key");
    expect(key).toMatch(/^create-key: ed25519:\w+$/);
    expect(await click("create-account")).toBe("create-account: SUCCEEDED");
    expect(await click("sign-out")).toBe("sign-out: done");
    expect(await click("sign-in")).toMatch(/^sign-in: \S+$/);
    expect(await click("relay")).toMatch(/^relay: .*SUCCEEDED \w+$/);
    expect(await guestBook(world)).toEqual([{ sender: ACCOUNT, text: "from a page" }]);
    expect(await click("sign-message")).toBe("sign-message: 64 bytes");
    expect(complaints).toEqual([]);
  });

  test("does it again after a reload, without a new registration", { timeout: 120_000 }, async () => {
    const registrations = callsOf("FinishPasskeyRegistration");
    const keys = callsOf("FinishKey");
    await page.reload();
    await page.locator("#log li").first().waitFor();
    expect(await page.locator("#log li").first().textContent()).toBe("the session goes on");
    expect(await click("relay")).toMatch(/^relay: .*SUCCEEDED \w+$/);
    expect(await guestBook(world)).toHaveLength(2);
    expect(callsOf("FinishPasskeyRegistration")).toBe(registrations);
    expect(callsOf("FinishKey")).toBe(keys);
    expect(complaints).toEqual([]);
    await screenshot(page, "wallet");
  });

  test("gives no secret to the relay, and none to the page that the worker should keep", async () => {
    // Signed in by the reload: the passkey is asked once, to mint a session and to unlock the share.
    const { prfs, fromWorker, leftBehind } = await seen();
    expect(prfs).toHaveLength(1);
    expect(leftBehind).toEqual([0]);
    const prf = Uint8Array.from(prfs[0] ?? []);
    expect(prf).toHaveLength(32);
    const seed = wrapKeySeed(prf, ACCOUNT, "localhost");
    const share = clientShare(seed, ACCOUNT);
    expect(fromWorker).toContain(forms(verifyingShare(share))[1]);
    for (const secret of [prf, seed, share]) {
      for (const form of forms(secret)) {
        expect(fromWorker).not.toContain(form);
        for (const { method, body } of sent)
          expect(`${method} ${body.toString("latin1")}`).not.toContain(form);
      }
    }
  });

  test("registers in a browser that cannot read the options' JSON itself, too", async () => {
    const older = await browser.newPage();
    try {
      await addAuthenticator(older);
      await older.addInitScript(() => {
        const { PublicKeyCredential: credential } = globalThis as unknown as { PublicKeyCredential: object };
        Reflect.deleteProperty(credential, "parseCreationOptionsFromJSON");
        Reflect.deleteProperty(credential, "parseRequestOptionsFromJSON");
      });
      await older.goto(server.origin);
      expect(await click("register", older)).toMatch(/^register: \S+$/);
      expect(await click("sign-in", older)).toMatch(/^sign-in: \S+$/);
    } finally {
      await older.close();
    }
  });

  test("says what is wrong when the user does not agree", async () => {
    const declining = await browser.newPage();
    try {
      await addAuthenticator(declining, { isUserVerified: false });
      await declining.goto(server.origin);
      expect(await click("register", declining)).toMatch(/^register failed: the user did not agree/);
    } finally {
      await declining.close();
    }
  });
});

/** The guest book's messages, as the chain's own contract tells them. */
async function guestBook({ devnet }: WalletWorld): Promise<{ sender: string; text: string }[]> {
  const provider = new JsonRpcProvider({ url: devnet.rpcUrls[0] ?? "" });
  const messages = await provider.callFunction({
    contractId: "guest-book.test",
    method: "get_messages",
    args: {},
  });
  return (messages as { sender: string; text: string }[]).map(({ sender, text }) => ({ sender, text }));
}
