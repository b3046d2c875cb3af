import { join } from "node:path";
import { clientShare, wrapKeySeed } from "@countersign/crypto/derive.ts";
import { JsonRpcProvider } from "near-api-js";
import type { Browser, BrowserContext, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applicationHeaders, walletHeaders } from "../../clients/web/src/headers/index.ts";
import { addAuthenticator, chromiumPath, startChromium } from "../support/chromium.ts";
import { NETWORK } from "../support/test-relay.ts";
import { startWalletWorld, WALLET_TENANT, type WalletWorld } from "../support/wallet-world.ts";
import type { Application } from "./support/application.ts";
import { screenshot } from "./support/clicks.ts";
import { type BuiltPage, buildPage, type FrameServer, serveFrame } from "./support/frame-servers.ts";
import { forms, type Seen, watchSecrets } from "./support/secrets.ts";

declare const application: Application;

const ACCOUNT = "alice.relay.test";
/** A wallet of the next version. */
const NEXT_WALLET = `<!doctype html><title>Wallet</title><script>
addEventListener("message", ({ ports: [port] }) => port.postMessage('{"type":"welcome","protocolVersion":2}'));
</script>`;

describe.skipIf(chromiumPath === undefined)("a wallet in a frame", { timeout: 120_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let world: WalletWorld;
  let built: BuiltPage[];
  /** Two sites: the application's, which the wallet serves, and the wallet's. */
  let app: FrameServer;
  let wallet: FrameServer;
  /** The wallet again, without headers, so that everybody can embed it. */
  let bare: FrameServer;
  /** An application that the wallet does not serve. */
  let stranger: FrameServer;
  let next: FrameServer;
  let complaints: string[];

  beforeAll(async () => {
    const root = join(import.meta.dirname, "page");
    const appPage = await buildPage(root, "iframe-app.html");
    const walletPage = await buildPage(root, "iframe-wallet.html");
    built = [appPage, walletPage];
    const ofApp = { ...appPage, html: "iframe-app.html" };
    const ofWallet = { ...walletPage, html: "iframe-wallet.html" };
    app = await serveFrame("127.0.0.1", ofApp);
    stranger = await serveFrame("127.0.0.1", ofApp);
    wallet = await serveFrame("localhost", ofWallet);
    bare = await serveFrame("localhost", ofWallet);
    next = await serveFrame("localhost", { document: NEXT_WALLET });
    world = await startWalletWorld({ rpId: "localhost", origin: wallet.origin });
    const config = {
      ...{ relayUrl: world.relayUrl, tenant: WALLET_TENANT, rpId: "localhost", network: NETWORK },
      ...{ accountId: ACCOUNT, allowedOrigins: [app.origin] },
    };
    for (const server of [wallet, bare]) {
      server.config = config;
      server.nearUrl = world.devnet.rpcUrls[0] ?? "";
    }
    app.headers = applicationHeaders({ walletOrigin: wallet.origin, isolate: true });
    const rpcs = [new URL("/near", wallet.origin).href];
    wallet.headers = walletHeaders({
      ...{ allowedOrigins: [app.origin], relays: [world.relayUrl], rpcs },
      isolate: true,
    });
    browser = await startChromium();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
    for (const server of [app, wallet, bare, stranger, next]) await server?.stop();
    for (const page of built ?? []) await page.remove();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 900, height: 700 } });
    page = await context.newPage();
    complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    return () => context.close();
  });

  const open = async (from: FrameServer, to: FrameServer, timeoutMs?: number) => {
    await page.goto(from.origin);
    await page.locator("body[data-ready]").waitFor();
    return page.evaluate(([url, ms]) => application.open(url, ms), [to.origin, timeoutMs] as const);
  };
  const inWallet = (selector: string) => page.frameLocator("iframe").locator(selector);
  const walletFrame = (): Frame => {
    const [, frame] = page.frames();
    if (frame === undefined) throw new Error("there is no frame");
    return frame;
  };
  const isShown = () => page.locator("iframe").isVisible();

  test("of another site creates an account, and signs and relays what its user saw", async () => {
    await page.addInitScript(watchSecrets);
    await page.addInitScript(watchPorts);
    await addAuthenticator(page);
    expect(await open(app, wallet)).toEqual({ result: { network: NETWORK, evm: false } });
    expect(await isShown()).toBe(false);
    expect(await walletFrame().evaluate("crossOriginIsolated")).toBe(true);
    await page.focus("#own");

    const connected = page.evaluate(() => application.connect());
    await inWallet("#agree:enabled").click();
    const { result } = (await connected) as { result: { publicKey: string }[] };
    expect(result).toEqual([{ accountId: ACCOUNT, publicKey: expect.stringMatching(/^ed25519:\w+$/) }]);
    expect(await isShown()).toBe(false);
    expect(await page.locator("#own:focus").count()).toBe(1);

    const relayed = page.evaluate((account) => application.relay(account, "from a frame"), ACCOUNT);
    expect(await inWallet("#origin").textContent()).toBe(app.origin);
    const shown = JSON.parse((await inWallet("#request").textContent()) ?? "");
    expect(shown).toMatchObject({
      ...{ kind: "near-relay", accountId: ACCOUNT, network: NETWORK, receiverId: "guest-book.test" },
      actions: [
        { methodName: "add_message", args: { json: { text: "from a frame" } }, gas: "30", deposit: "0" },
      ],
    });
    await screenshot(page, "wallet-in-a-frame");
    await inWallet("#agree:enabled").click();
    expect(await relayed).toMatchObject({
      result: { state: "SUCCEEDED", transactionHash: expect.stringMatching(/^\w+$/) },
    });
    const stages = await page.evaluate(() => application.progress.map(({ stage }) => stage));
    expect(stages.slice(0, 3)).toEqual(["confirming", "signing", "relaying"]);
    expect(await guestBook(world)).toEqual([{ sender: ACCOUNT, text: "from a frame" }]);

    const signed = page.evaluate((account) => application.signMessage(account, "127.0.0.1"), ACCOUNT);
    await inWallet("#agree:enabled").click();
    expect(await signed).toMatchObject({ result: { accountId: ACCOUNT, publicKey: result[0]?.publicKey } });
    expect(complaints).toEqual([]);

    // What left the frame holds no secret of its worker.
    const { prfs } = await walletFrame().evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
    const posted = await walletFrame().evaluate(() => (globalThis as unknown as { posted: string[] }).posted);
    expect(posted.length).toBeGreaterThan(10);
    const prf = Uint8Array.from(prfs[0] ?? []);
    expect(prf).toHaveLength(32);
    const seed = wrapKeySeed(prf, ACCOUNT, "localhost");
    for (const secret of [prf, seed, clientShare(seed, ACCOUNT)]) {
      for (const form of forms(secret)) expect(posted.join("\n")).not.toContain(form);
    }
  });

  test("is shown while it asks, and cannot be clicked through what covers it", async () => {
    await open(app, wallet);
    const connected = page.evaluate(() => application.connect());
    await inWallet("#agree:enabled").waitFor();
    expect(await isShown()).toBe(true);
    const cover = "position: fixed; inset: 0; z-index: 2147483647; pointer-events: none; background: #fffe";
    for (const style of [`body::after { content: ""; ${cover} }`, "iframe { opacity: 0.01 }"]) {
      await page.addStyleTag({ content: style });
      await inWallet("#agree:disabled").waitFor();
      await page.evaluate("document.querySelector('style').remove()");
      await inWallet("#agree:enabled").waitFor();
    }
    await inWallet("#decline").click();
    expect(await connected).toEqual({ reason: "DECLINED", code: "permission_denied" });
    expect(await isShown()).toBe(false);
  });

  test("is not embedded by a page of an origin outside its list: Chromium refuses", async () => {
    expect(await open(stranger, wallet, 2_000)).toEqual({ reason: "UNREACHABLE", code: "unavailable" });
    expect(complaints.join("\n")).toContain("frame-ancestors");
    expect(await page.locator("iframe").count()).toBe(0);
  });

  test("does not talk to such a page when it is embedded by force", async () => {
    const outcome = open(stranger, bare, 4_000);
    await inWallet("#log li").first().waitFor({ state: "attached" });
    expect(await inWallet("#log li").first().textContent()).toContain(
      `ORIGIN_NOT_ALLOWED ${stranger.origin}`,
    );
    expect(await outcome).toEqual({ reason: "UNREACHABLE", code: "unavailable" });
    // The same page does talk to the application that it serves.
    app.headers = {};
    try {
      expect(await open(app, bare)).toMatchObject({ result: { network: NETWORK } });
      expect(await walletFrame().evaluate("crossOriginIsolated")).toBe(false);
    } finally {
      app.headers = applicationHeaders({ walletOrigin: wallet.origin, isolate: true });
    }
  });

  test("of another version is an error on both sides", async () => {
    await open(app, wallet);
    const answer = await page.evaluate((url) => application.hello(url, 2), wallet.origin);
    expect(answer).toEqual({ type: "refused", protocolVersion: 1 });
    expect(await inWallet("#log li").first().textContent()).toContain(`VERSION_MISMATCH ${app.origin}`);
    app.headers = {};
    try {
      expect(await open(app, next)).toEqual({ reason: "VERSION_MISMATCH", code: "unimplemented" });
    } finally {
      app.headers = applicationHeaders({ walletOrigin: wallet.origin, isolate: true });
    }
  });

  test("that goes elsewhere ends what was asked of it", async () => {
    await open(app, wallet);
    const connected = page.evaluate(() => application.connect());
    await inWallet("#agree:enabled").waitFor();
    const closed = page.evaluate(() => application.closed());
    await walletFrame().evaluate("location.reload()");
    expect(await connected).toEqual({ reason: "CLOSED", code: "aborted" });
    expect(await closed).toEqual({ reason: "CLOSED", code: "aborted" });
    await page.locator("iframe").waitFor({ state: "detached" });
  });

  test("takes a request from its screen when the application gives it up, and serves the next one", async () => {
    const account = "bob.relay.test";
    wallet.config = { ...wallet.config, accountId: account };
    await addAuthenticator(page);
    await open(app, wallet);
    const connected = page.evaluate(() => application.connect());
    await inWallet("#agree:enabled").click();
    expect(await connected).toMatchObject({ result: [{ accountId: account }] });
    const given = page.evaluate((account) => application.relay(account, "never"), account);
    await inWallet("#question:text('Do you agree?')").waitFor();
    await page.evaluate(() => application.abort());
    expect(await given).toEqual({ reason: "CANCELLED", code: "canceled" });
    await inWallet("#question:text('Wallet')").waitFor({ state: "attached" });
    const declined = page.evaluate((account) => application.relay(account, "no"), account);
    // A click before the question would still be the answer to the one that was given up.
    await inWallet("#question:text('Do you agree?')").waitFor();
    await inWallet("#decline").click();
    expect(await declined).toEqual({ reason: "DECLINED", code: "permission_denied" });
    await page.evaluate(() => application.close());
    expect(await page.locator("iframe").count()).toBe(0);
  });
});

/** Runs in every page before its own code: keeps what its ports send. */
function watchPorts(): void {
  const posted: string[] = [];
  Object.assign(globalThis, { posted });
  const { prototype } = MessagePort as unknown as { prototype: { postMessage(...args: unknown[]): void } };
  const post = prototype.postMessage;
  prototype.postMessage = function (...args) {
    posted.push(String(args[0]));
    post.apply(this, args);
  };
}

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
