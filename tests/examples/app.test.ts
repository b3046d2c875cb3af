import type { Browser, Frame, FrameLocator, Page } from "playwright-core";
import { createPublicClient, type Hex, http, parseEther, verifyMessage } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WebDemo } from "../../demo/src/web/web-demo.ts";
import { anvilPath } from "../support/anvil.ts";
import { chromiumPath } from "../support/chromium.ts";
import { clickAway } from "./support/click-away.ts";
import { guestBook } from "./support/guest-book.ts";
import { startPartitioningChromium } from "./support/partitioning-chromium.ts";
import { askEmbedded } from "./support/raw-request.ts";
import { startDemo } from "./support/running-demo.ts";
import { type Look, startLooking } from "./support/screens.ts";
import { createAccount } from "./support/wallet-page.ts";
import { openPage, type WatchedPage } from "./support/watched-page.ts";

const CAROL = "carol.relay.test";
const SHOP: Hex = "0x000000000000000000000000000000000000c0fe";

describe.skipIf(chromiumPath === undefined)("the example application", { timeout: 180_000 }, () => {
  let demo: WebDemo;
  let browser: Browser;
  let carol: WatchedPage;
  let page: Page;
  let wallet: FrameLocator;
  let look: Look;

  beforeAll(async () => {
    demo = await startDemo();
    browser = await startPartitioningChromium();
    carol = await openPage(browser);
    page = carol.page;
    wallet = page.frameLocator("iframe");
    look = await startLooking(page, "example-app");
    await page.goto(demo.walletUrl);
    await createAccount(page, "carol");
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test("is not connected when its user rejects", async () => {
    await page.goto(demo.appUrl);
    await page.getByText("The page is empty.").waitFor();
    await look("app");
    await page.getByRole("button", { name: "Connect wallet" }).click();
    await dialog("Connect your wallet?");
    await look("connect", walletFrame());
    const rejected = page.getByText("You rejected it in the wallet. Nothing was sent.");
    await clickAway(wallet.getByRole("button", { name: "Reject" }), rejected);
    expect(await page.locator("#connected").textContent()).toBe("No wallet is connected.");
  });

  test("connects, with the passkey in the wallet's frame", async () => {
    await page.getByRole("button", { name: "Connect wallet" }).click();
    await dialog("Connect your wallet?");
    await wallet.getByRole("button", { name: "Use my passkey" }).click();
    await wallet.getByLabel(CAROL).waitFor();
    await look("connect-account", walletFrame());
    await wallet.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText(`Connected with ${CAROL}.`).waitFor({ timeout: 60_000 });
    expect(await page.locator("#connected").textContent()).toBe(CAROL);
  });

  test("writes a message that its user saw and approved", async () => {
    await page.getByLabel("Message").fill("hello from carol");
    await page.getByRole("button", { name: "Write with my wallet" }).click();
    await dialog("Send this?");
    await wallet.getByText(demo.appUrl).waitFor();
    await wallet.getByText('"text": "hello from carol"').waitFor();
    await look("confirm", walletFrame());
    await wallet.getByRole("button", { name: /^Approve/ }).click();
    await page.getByText("Written, with transaction").waitFor({ timeout: 60_000 });
    await page.getByRole("list").getByText("hello from carol").waitFor();
    expect(await guestBook(demo.rpcUrl)).toEqual([{ sender: CAROL, text: "hello from carol" }]);
    await look("written");
  });

  test("can be used with the keyboard alone: Escape rejects, Tab and Enter approve", async () => {
    await page.getByLabel("Message").fill("by keyboard");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await dialog("Send this?");
    expect(await focused()).toBe("Send this?");
    await page.keyboard.press("Escape");
    await page.getByText("You rejected it in the wallet. Nothing was sent.").waitFor();
    expect(await guestBook(demo.rpcUrl)).toHaveLength(1);

    await page.getByRole("button", { name: "Write with my wallet" }).focus();
    await page.keyboard.press("Enter");
    await dialog("Send this?");
    const approve = wallet.getByRole("button", { name: /^Approve/ });
    await expect.poll(() => approve.isEnabled()).toBe(true);
    const seen: string[] = [];
    do {
      await page.keyboard.press("Tab");
      seen.push(await focused());
    } while (!seen.at(-1)?.startsWith("Approve") && seen.length < 10);
    expect(seen).toContain("Reject");
    // From the last stop Tab leads to the first one, and not out of the dialog.
    await page.keyboard.press("Tab");
    expect(await focused()).toBe(seen[0]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Written, with transaction").waitFor({ timeout: 60_000 });
    expect(await guestBook(demo.rpcUrl)).toHaveLength(2);
  });

  test("gets a signed message", async () => {
    await page.getByRole("button", { name: "Sign a NEAR message" }).click();
    await dialog("Sign this message?");
    await wallet.getByRole("button", { name: /^Approve/ }).click();
    await page.getByText("Signed with ed25519:").waitFor({ timeout: 60_000 });
  });

  test.skipIf(anvilPath === undefined)("gets a message signed for Ethereum, and is paid", async () => {
    await page.getByRole("button", { name: "Sign an Ethereum message" }).click();
    await dialog("Sign this message?");
    const address = (await wallet.getByText(/^0x[0-9a-fA-F]{40}$/).textContent()) as Hex;
    await look("evm-message", walletFrame());
    await wallet.getByRole("button", { name: /^Approve/ }).click();
    await page.getByText("Signed: 0x").waitFor({ timeout: 60_000 });
    const signature = ((await page.locator("#sign-status").textContent()) ?? "").replace("Signed: ", "");
    const chain = createPublicClient({ transport: http(demo.evmUrl) });
    const message = "I sign in to the guest book.";
    expect(await verifyMessage({ address, message, signature: signature as Hex })).toBe(true);

    const faucet = `${demo.walletUrl}/faucet`;
    expect((await fetch(faucet, { method: "POST", body: JSON.stringify({ address }) })).status).toBe(200);

    await page.getByRole("button", { name: "Pay a coffee" }).click();
    await dialog("Sign this transaction?");
    await wallet.getByText("0.01 ETH", { exact: true }).waitFor();
    await look("evm-transaction", walletFrame());
    await wallet.getByRole("button", { name: /^Approve/ }).click();
    await page.getByText("Paid, with transaction").waitFor({ timeout: 60_000 });
    expect(await chain.getBalance({ address: SHOP })).toBe(parseEther("0.01"));
  });

  test("is remembered by the wallet after a reload, which opens without a prompt", async () => {
    await page.reload();
    await page.getByRole("button", { name: "Connect wallet" }).click();
    await page.getByText(`Connected with ${CAROL}.`).waitFor();
    expect(await walletFrame().evaluate(() => (globalThis as unknown as { prompts: number }).prompts)).toBe(
      0,
    );
    expect(carol.complaints).toEqual([]);
  });

  test("warns of what would cost the account, before all else", async () => {
    await page.reload();
    const publicKey = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp";
    await askEmbedded(page, demo.walletUrl, "relay", {
      accountId: CAROL,
      receiverId: CAROL,
      actions: [{ kind: "AddKey", publicKey, permission: { kind: "FullAccess" } }],
    });
    await dialog("Send this?");
    const warning = wallet.getByRole("list", { name: "Warnings" }).getByRole("listitem").first();
    expect(await warning.textContent()).toMatch(/^Danger: /);
    await wallet.getByRole("button", { name: "Approve all the same" }).waitFor();
    await look("danger", walletFrame());
    await wallet.getByRole("button", { name: "Reject" }).click();
    expect(carol.complaints).toEqual([]);
  });

  const dialog = (name: string) => wallet.getByRole("dialog", { name }).waitFor();

  function walletFrame(): Frame {
    const frame = page.frames().find((one) => one.url().startsWith(demo.walletUrl));
    if (frame === undefined) throw new Error("there is no frame of the wallet");
    return frame;
  }

  /** What has the keyboard's focus in the wallet's frame. */
  async function focused(): Promise<string> {
    return (await wallet.locator(":focus").textContent()) ?? "";
  }
});
