import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { wrapKeySeed } from "@countersign/crypto/derive.ts";
import { clientShare } from "@countersign/crypto/derive-secp256k1.ts";
import { verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { SignEcdsaInitRequestSchema } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import type { Browser, Page } from "playwright-core";
import { type Address, createTestClient, http, parseEther, publicActions, verifyMessage } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PresignatureStore } from "../../clients/web/src/vault/presignature-store.ts";
import { createNotes, noteOf, SET_SELECTOR } from "../evm/support/notes.ts";
import { ANVIL_ACCOUNTS, type Anvil, anvilPath, startAnvil } from "../support/anvil.ts";
import { addAuthenticator, chromiumPath, startChromium } from "../support/chromium.ts";
import { NETWORK } from "../support/test-relay.ts";
import { startWalletWorld, WALLET_TENANT, type WalletWorld } from "../support/wallet-world.ts";
import { click, screenshot } from "./support/clicks.ts";
import type { EvmPageConfig } from "./support/page-config.ts";
import { type PageServer, servePage } from "./support/page-server.ts";
import { forms, type Seen, watchSecrets } from "./support/secrets.ts";

declare const presignatures: PresignatureStore;

const ACCOUNT = "alice.relay.test";
const ETHER = parseEther("1");
/** Presignatures that the signer keeps for the key: so few that the pool is soon full. */
const CAPACITY = 2;
const isMissing = chromiumPath === undefined || anvilPath === undefined;

describe.skipIf(isMissing)("a wallet for EVM chains in Chromium", { timeout: 180_000 }, () => {
  let server: PageServer;
  let anvil: Anvil;
  let world: WalletWorld;
  let browser: Browser;
  let page: Page;
  let notes: Address;
  let address: Address;
  let keyId: string;
  const recipient = privateKeyToAddress(generatePrivateKey());
  /** Everything that the page sent to the relay, in order. */
  const sent: { readonly method: string; readonly body: Buffer }[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    anvil = await startAnvil({ chainId: foundry.id });
    notes = await createNotes(anvil.url, ANVIL_ACCOUNTS[0]);
    server = await servePage(join(import.meta.dirname, "page"), "evm.html");
    const calls = [
      { recipient, selectors: ["0x"], max_value: ETHER.toString() },
      { recipient: notes, selectors: [SET_SELECTOR] },
    ];
    world = await startWalletWorld({
      ...{ rpId: "localhost", origin: server.origin },
      evm: { chains: [{ chain_id: foundry.id, calls }], messages: true },
      threshold: { presign: { capacity: CAPACITY } },
    });
    const config: EvmPageConfig = {
      ...{ relayUrl: world.relayUrl, tenant: WALLET_TENANT, rpId: "localhost" },
      ...{ network: NETWORK, accountId: ACCOUNT, chainUrl: anvil.url, recipient, notes },
    };
    server.config = config;
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
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
    await server?.stop();
    await anvil?.stop();
  });

  const chain = () =>
    createTestClient({ mode: "anvil", chain: foundry, transport: http(anvil.url) }).extend(publicActions);
  const callsOf = (method: string) => sent.filter((call) => call.method === method);
  const held = () => page.evaluate((key) => presignatures.ids(key), keyId);

  test("creates its key, sends ether, calls a contract, and signs a message", async () => {
    await page.goto(`${server.origin}/evm.html`);
    expect(await click(page, "register")).toMatch(/^register: \S+$/);
    const bootstrap = await click(page, "bootstrap");
    expect(bootstrap).toMatch(/^bootstrap: 0x[0-9a-fA-F]{40} \S+$/);
    [, address, keyId] = bootstrap.split(" ") as [string, Address, string];
    await chain().setBalance({ address, value: 10n * ETHER });

    expect(await click(page, "transfer")).toMatch(/^transfer: success 0x[0-9a-f]{64}$/);
    expect(await chain().getBalance({ address: recipient })).toBe(ETHER);
    expect(await chain().getBalance({ address })).toBeLessThan(9n * ETHER);
    const { transactions } = await chain().getBlock({ includeTransactions: true });
    expect(transactions).toMatchObject([{ type: "eip1559", from: address.toLowerCase() }]);

    expect(await click(page, "call")).toMatch(/^call: success 0x[0-9a-f]{64}$/);
    expect(await noteOf(anvil.url, notes, address)).toBe(2_026n);

    const signature = (await click(page, "sign-message")).replace("sign-message: ", "") as Address;
    expect(await verifyMessage({ address, message: "hello", signature })).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("gives no secret to the relay, and none to the page that the worker should keep", async () => {
    const { prfs, fromWorker } = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
    const prf = Uint8Array.from(prfs[0] ?? []);
    expect(prf).toHaveLength(32);
    const seed = wrapKeySeed(prf, ACCOUNT, "localhost");
    const share = clientShare(seed, ACCOUNT, "localhost");
    expect(fromWorker).toContain(forms(verifyingShare(share))[1]);
    for (const secret of [prf, seed, share]) {
      for (const form of forms(secret)) {
        expect(fromWorker).not.toContain(form);
        for (const { method, body } of sent)
          expect(`${method} ${body.toString("latin1")}`).not.toContain(form);
      }
    }
  });

  test("signs after a reload with the key and a presignature of before", async () => {
    await expect.poll(held, { timeout: 120_000 }).toHaveLength(CAPACITY);
    const before = await held();
    const keys = callsOf("FinishKey").length;
    const signatures = callsOf("SignEcdsaInit").length;
    await page.reload();
    await page.locator("#log li").first().waitFor();
    expect(await page.locator("#log li").first().textContent()).toBe("the session goes on");
    expect(await page.locator("#address").textContent()).toBe(address);
    expect(await click(page, "transfer")).toMatch(/^transfer: success 0x[0-9a-f]{64}$/);
    expect(await chain().getBalance({ address: recipient })).toBe(2n * ETHER);
    const used = callsOf("SignEcdsaInit").slice(signatures);
    const ids = used.map(({ body }) => fromBinary(SignEcdsaInitRequestSchema, body).presignatureId);
    expect(ids).toHaveLength(1);
    expect(before).toContain(Buffer.from(ids[0] ?? []).toString("base64url"));
    expect(callsOf("FinishKey")).toHaveLength(keys);
    expect(complaints).toEqual([]);
    await screenshot(page, "evm-wallet");
  });
});
