import { ed25519 } from "@noble/curves/ed25519.js";
import { JsonRpcProvider, PublicKey } from "near-api-js";
import type { Browser, Page } from "playwright-core";
import { createPublicClient, type Hex, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WebDemo } from "../../demo/src/web/web-demo.ts";
import { anvilPath } from "../support/anvil.ts";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { guestBook } from "./support/guest-book.ts";
import { startDemo } from "./support/running-demo.ts";
import { type Look, startLooking } from "./support/screens.ts";
import { createAccount, open, statusOf } from "./support/wallet-page.ts";
import { openPage, type WatchedPage } from "./support/watched-page.ts";

const ALICE = "alice.relay.test";

describe.skipIf(chromiumPath === undefined)("the example wallet", { timeout: 180_000 }, () => {
  let demo: WebDemo;
  let browser: Browser;
  let alice: WatchedPage;
  let page: Page;
  let look: Look;

  beforeAll(async () => {
    demo = await startDemo();
    browser = await startChromium();
    alice = await openPage(browser);
    page = alice.page;
    look = await startLooking(page, "example-wallet");
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test("tells what is wrong with a name, and creates an account", async () => {
    await page.goto(demo.walletUrl);
    await look("welcome");
    const name = page.getByLabel("Account name");
    await name.fill("A!");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("Use small letters.").waitFor();
    expect(await name.getAttribute("aria-invalid")).toBe("true");
    await look("welcome-problem");
    await createAccount(page, "alice");
    expect(await page.locator("#account").textContent()).toBe(ALICE);
    await expect.poll(() => page.locator("#near-balance").textContent()).toBe("0.1 NEAR");
  });

  test("opens after a reload without a prompt", async () => {
    await page.getByText("can open this wallet the next time").first().waitFor({ state: "attached" });
    await page.reload();
    await page.getByText("Opened by relay").first().waitFor();
    expect(await alice.prompts()).toBe(0);
    expect(await page.locator("#account").textContent()).toBe(ALICE);
    await look("home");
  });

  test("writes into the guest book through the relay", async () => {
    await open(page, "NEAR");
    const form = page.getByRole("form", { name: "Write into the guest book" });
    await form.getByLabel("Message").fill("from the example wallet");
    await form.getByRole("button", { name: "Write" }).click();
    expect(await statusOf(form)).toMatch(/^It is in the guest book, with transaction /);
    expect(await guestBook(demo.rpcUrl)).toContainEqual({ sender: ALICE, text: "from the example wallet" });
  });

  test("says in plain words what the relay does not do", async () => {
    await open(page, "NEAR");
    const form = page.getByRole("form", { name: "Send NEAR" });
    await form.getByLabel("To").fill("stranger.test");
    await form.getByLabel("Amount").fill("0.01");
    await form.getByRole("button", { name: "Send" }).click();
    expect(await statusOf(form)).toMatch(/^The relay sends nothing to this receiver\. Choose another one\./);
    await look("near-failed");
  });

  test.skipIf(anvilPath === undefined)("sends ether from an address of its own", async () => {
    const recipient = privateKeyToAddress(generatePrivateKey());
    await open(page, "Ethereum");
    await page.getByRole("button", { name: "Make my address" }).click();
    await page.locator("#evm-address").waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Get test ETH" }).click();
    await page.getByText("10 ETH", { exact: true }).waitFor();
    const form = page.getByRole("form", { name: "Send ETH" });
    await form.getByLabel("To").fill(recipient);
    await form.getByLabel("Amount").fill("0.5");
    await form.getByRole("button", { name: "Send" }).click();
    expect(await statusOf(form)).toMatch(/^0\.5 ETH went to 0x/);
    await look("ethereum");
    const chain = createPublicClient({ transport: http(demo.evmUrl) });
    expect(await chain.getBalance({ address: recipient })).toBe(parseEther("0.5"));
  });

  test.skipIf(anvilPath === undefined)("lists what it did on both chains", async () => {
    await open(page, "Activity");
    const items = page.getByRole("list", { name: "Activity" }).getByRole("listitem");
    await items.first().waitFor();
    const texts = await items.allTextContents();
    expect(texts.map((text) => text.replace(/(Done|Failed|On its way).*/, "$1"))).toEqual([
      expect.stringMatching(/^0\.5 ETH to 0x.*Done$/),
      "To guest-book.testDone",
      "Account createdDone",
    ]);
    await look("activity");
  });

  test("shows the NEAR key, which belongs to the account, and hides it again", async () => {
    await open(page, "Security");
    const card = page.locator("section", { hasText: "Export the NEAR key" });
    const key = await exported(card);
    const scalar = BigInt(`0x${Buffer.from(key, "hex").reverse().toString("hex")}`);
    const derived = ed25519.Point.BASE.multiply(scalar % ed25519.Point.Fn.ORDER).toBytes();
    const provider = new JsonRpcProvider({ url: demo.rpcUrl });
    const { keys } = await provider.viewAccessKeyList({
      accountId: ALICE,
      finalityQuery: { finality: "optimistic" },
    });
    const publicKeys = keys.map(({ public_key }) => PublicKey.fromString(String(public_key)).data);
    expect(publicKeys.map((bytes) => Buffer.from(bytes).toString("hex"))).toContain(
      Buffer.from(derived).toString("hex"),
    );
    await look("export");
    await card.getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied.").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(key);
    await card.getByRole("button", { name: "Hide now" }).click();
    expect(await page.content()).not.toContain(key);
  });

  test.skipIf(anvilPath === undefined)("shows the private key of its address, for a minute", async () => {
    await open(page, "Ethereum");
    const address = await page.locator("#evm-address").textContent();
    await open(page, "Security");
    await page.clock.install();
    const key = await exported(page.locator("section", { hasText: "Export the Ethereum (local) key" }));
    expect(privateKeyToAddress(key as Hex)).toBe(address);
    await page.clock.fastForward(59_000);
    expect(await page.content()).toContain(key);
    await page.clock.fastForward(2_000);
    expect(await page.content()).not.toContain(key);
  });

  test("connects a provider's account, and merges one that belongs to somebody else", async () => {
    const bob = await openPage(browser);
    await bob.page.goto(demo.walletUrl);
    await createAccount(bob.page, "bob");
    await connect(bob.page);
    await bob.page.getByText("The account is connected.").waitFor();
    await bob.page.getByText("demo-id account ada").waitFor();

    await connect(page);
    await page.getByRole("heading", { name: "This account is connected elsewhere" }).waitFor();
    await look("merge");
    await page.getByRole("button", { name: "Merge both" }).click();
    await page.getByText("Both are one user now: you.").waitFor();
    const ways = page.getByRole("list", { name: "Ways to sign in" });
    await ways.getByText("demo-id account ada").waitFor();
    expect(await ways.getByRole("listitem").count()).toBe(3);
    expect(bob.complaints).toEqual([]);
    await bob.page.context().close();

    // Once more is no conflict any more.
    await connect(page);
    await page.getByText("The account was connected before.").waitFor();
  });

  test("signs out, and in again with the passkey", async () => {
    await open(page, "Security");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    await page.getByRole("button", { name: "Use my passkey" }).click();
    await page.getByText(ALICE).first().waitFor();
    // Chromium itself reports the one refusal that was asked for above.
    expect(alice.complaints).toEqual([expect.stringMatching(/403 .*SubmitDelegate/)]);
  });

  async function connect(on: Page): Promise<void> {
    await open(on, "Security");
    await on.getByRole("button", { name: "Connect Demo ID" }).click();
    await on.getByRole("link", { name: "Ada Lovelace" }).click();
    await on.waitForURL(`${demo.walletUrl}/**`);
  }

  async function exported(card: ReturnType<Page["locator"]>): Promise<string> {
    await card.getByLabel(`Type ${ALICE} to go on`).fill(ALICE);
    await card.getByRole("button", { name: "Show the key" }).click();
    const output = card.getByLabel("Private key");
    await output.waitFor();
    return (await output.textContent()) ?? "";
  }
});
