import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { clientShare as ed25519Share, wrapKeySeed } from "@countersign/crypto/derive.ts";
import { clientShare as ecdsaShare } from "@countersign/crypto/derive-secp256k1.ts";
import { verifyingShare } from "@countersign/crypto/frost-ed25519.ts";
import { beginUnlock } from "@countersign/crypto/lock/client-passes.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { TENANT } from "../lock/relay/support/lock-relay.ts";
import { addAuthenticator, chromiumPath, startChromium } from "../support/chromium.ts";
import type { Fault } from "../support/fault-proxy.ts";
import {
  type FederatedRelays,
  retire,
  rotate,
  startRelays,
} from "../web-client/lock/support/federated-relays.ts";
import { click, screenshot } from "./support/clicks.ts";
import type { LockPageConfig } from "./support/page-config.ts";
import { type PageServer, servePage } from "./support/page-server.ts";
import { forms, type Seen, watchSecrets } from "./support/secrets.ts";

declare const events: { readonly type: string; readonly relay?: string }[];
declare const keptEnvelopes: () => Promise<
  readonly { relay: string; keyId: string; lockedKek: number[]; commitment: number[] }[]
>;

const ACCOUNT = "alice.relay.test";

/** Runs in the page before its own code: keeps the worker, as a script that was injected would. */
function takeWorker(): void {
  const scope = globalThis as unknown as { Worker: new (...of: never[]) => object; taken: object };
  scope.Worker = class extends scope.Worker {
    constructor(...of: never[]) {
      super(...of);
      scope.taken = this;
    }
  };
}

/** What the page's worker says to a script that begins an envelope. */
function askWorker(): Promise<string> {
  interface Port {
    postMessage(message: object): void;
    addEventListener(
      type: "message",
      listener: (event: { data: { id?: number; refusal?: string } }) => void,
    ): void;
  }
  const { taken } = globalThis as unknown as { taken: Port };
  return new Promise((resolve) => {
    taken.addEventListener("message", ({ data: { id, refusal } }) => {
      if (id === -1) resolve(refusal ?? "no refusal");
    });
    taken.postMessage({ id: -1, method: "beginEnvelope", of: { shareId: "any", suite: 1 } });
  });
}

/** Runs in the page before its own code: counts how often it asks for a passkey. */
function countPrompts(): void {
  const { credentials } = (globalThis as unknown as { navigator: { credentials: { get: unknown } } })
    .navigator;
  const get = credentials.get as (options: unknown) => unknown;
  Object.assign(globalThis, { prompts: 0 });
  credentials.get = (options: unknown) => {
    (globalThis as unknown as { prompts: number }).prompts++;
    return get.call(credentials, options);
  };
}

describe.skipIf(chromiumPath === undefined)(
  "a wallet that relays unlock, in Chromium",
  { timeout: 120_000 },
  () => {
    let server: PageServer;
    let browser: Browser;

    beforeAll(async () => {
      server = await servePage(join(import.meta.dirname, "page"), "lock.html");
      browser = await startChromium();
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    const load = async (page: Page) => {
      await page.goto(`${server.origin}/lock.html`);
      await page.locator("#log li").first().waitFor();
    };
    const prompts = (page: Page) =>
      page.evaluate(() => (globalThis as unknown as { prompts: number }).prompts);
    const eventsOf = (page: Page, type: string) =>
      page.evaluate((wanted) => events.filter((event) => event.type === wanted), type);
    const refreshed = (page: Page, count: number) =>
      expect.poll(async () => (await eventsOf(page, "refreshed")).length, { timeout: 20_000 }).toBe(count);
    /** How it went, and the time that it took, for a person to look at. */
    const unlock = async (page: Page, what: string) => {
      const [, how, ms] = /^unlock: (.*) (\d+ ms)$/.exec(await click(page, "unlock")) ?? [];
      process.stdout.write(`unlock, ${what}: ${how?.trim()}, ${ms}\n`);
      return how?.trim();
    };
    const asked = (relays: FederatedRelays) =>
      relays.map(({ proxy }) => proxy.seen("RemoveServerLock").length);

    /** Three relays, and a browser that has an envelope of each; its page was loaded again since. */
    async function enrolled(
      isShared: boolean,
    ): Promise<{ relays: FederatedRelays; page: Page; sent: string[] }> {
      const relying = {
        id: "localhost",
        name: "Wallet",
        origins: [server.origin],
        userVerificationOptional: false,
      };
      const signIn = { relyingParties: [relying], providers: [], scopes: [] };
      const relays = await startRelays({ count: 3, isShared, tenants: [{ tenant: TENANT, signIn }] });
      const [one, ...others] = relays;
      const config: LockPageConfig = {
        ...{ relayUrl: one.url, peers: others.map(({ url }) => url), tenant: TENANT, rpId: "localhost" },
        ...{ network: "none", accountId: ACCOUNT },
      };
      server.config = config;
      const context: BrowserContext = await browser.newContext({ viewport: { width: 900, height: 700 } });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await addAuthenticator(page);
      await page.addInitScript(watchSecrets);
      await page.addInitScript(countPrompts);
      await page.addInitScript(takeWorker);
      const sent: string[] = [];
      page.on("request", (request) => {
        sent.push(`${request.url()} ${request.postDataBuffer()?.toString("latin1") ?? ""}`);
      });
      await load(page);
      await click(page, "enrol");
      expect(await unlock(page, "the first time")).toBe("passkey");
      const made = async () => {
        // On a busy machine a relay may be too slow for the first attempt: unlocking makes another one.
        await click(page, "unlock");
        return new Set((await eventsOf(page, "refreshed")).map(({ relay }) => relay)).size;
      };
      await expect.poll(made, { timeout: 20_000, interval: 500 }).toBe(3);
      return { relays, page, sent };
    }

    const FAULTS: readonly (readonly [string, Fault | "down"])[] = [
      ["down", "down"],
      ["hanging", { type: "hang" }],
      ["answering garbage", { type: "garbage" }],
      ["answering with another's proof", { type: "corrupt" }],
    ];
    const DEPLOYMENTS = [
      ["shared", true],
      ["of their own", false],
    ] as const;

    describe.each(DEPLOYMENTS)("with relays whose keys are %s", (_, isShared) => {
      it.each(FAULTS)(
        "opens without a prompt while relay 1 is %s, and stays with relay 2",
        async (name, fault) => {
          const { relays, page } = await enrolled(isShared);
          const [one, two] = relays;
          await load(page);
          expect(await unlock(page, "all relays up")).toBe(`relay ${one.url}`);
          if (fault === "down") await one.proxy.down();
          else one.proxy.fault(fault);
          await load(page);
          expect(await unlock(page, `relay 1 ${name}`)).toBe(`relay ${two.url}`);
          expect(await prompts(page)).toBe(0);
          const before = asked(relays);
          await load(page);
          expect(await unlock(page, `relay 1 ${name}, loaded again`)).toBe(`relay ${two.url}`);
          expect(asked(relays)).toEqual(before.map((count, i) => (i === 1 ? count + 1 : count)));
          expect(await prompts(page)).toBe(0);
          one.proxy.release();
        },
      );

      it("asks for the passkey while all relays are down, and makes envelopes anew once they are back", async () => {
        const { relays, page } = await enrolled(isShared);
        for (const relay of isShared ? relays.slice(0, 1) : relays) await rotate(relay);
        await Promise.all(relays.map(({ proxy }) => proxy.down()));
        await load(page);
        expect(await unlock(page, "all relays down")).toBe("passkey");
        expect(await prompts(page)).toBe(1);
        expect(await eventsOf(page, "fallback")).toHaveLength(1);
        expect(await unlock(page, "open already")).toBe("held");
        await Promise.all(relays.map(({ proxy }) => proxy.up()));
        await load(page);
        expect(await unlock(page, "with keys in grace")).toMatch(/^relay /);
        await refreshed(page, 3);
        const current = (await relays[0].client.getKeyInfo({ tenant: TENANT })).keys.find(
          (key) => key.current,
        );
        const kept = await page.evaluate(() => keptEnvelopes());
        expect(kept.find(({ relay }) => relay === relays[0].url)?.keyId).toBe(current?.keyId);
        expect(await prompts(page)).toBe(0);
        await screenshot(page, "lock");
      });
    });

    it("opens without a prompt when relay 1 has retired the key, and heals its envelope", async () => {
      const { relays, page } = await enrolled(false);
      const [one, two] = relays;
      const old = one.keyId;
      await rotate(one);
      await retire(one, old);
      await load(page);
      expect(await unlock(page, "relay 1 rotated, its old key retired")).toBe(`relay ${two.url}`);
      await refreshed(page, 1);
      expect(await eventsOf(page, "refreshed")).toMatchObject([{ relay: one.url, keyId: one.keyId }]);
      expect(await prompts(page)).toBe(0);
    });

    it("has a worker that seals nothing once the wallet has no lock, and forgets its former envelopes", async () => {
      const { page } = await enrolled(false);
      expect(await page.evaluate(askWorker)).toBe("LOCKED");
      await page.goto(`${server.origin}/lock.html?without-lock`);
      await page.locator("#log li").first().waitFor();
      expect(await unlock(page, "without a lock")).toBe("passkey");
      expect(await page.evaluate(askWorker)).toBe("NO_LOCK");
      expect(await page.evaluate(() => keptEnvelopes())).toHaveLength(3);
      await click(page, "sign-out");
      expect(await page.evaluate(() => keptEnvelopes())).toEqual([]);
    });

    it("gives seeds, shares and K to nobody, and forgets envelopes when its user signs out", async () => {
      const { relays, page, sent } = await enrolled(false);
      const [one] = relays;
      const seen = () => page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
      const first = await seen();
      await load(page);
      expect(await unlock(page, "all relays up")).toBe(`relay ${one.url}`);
      const second = await seen();
      expect(second.prfs).toEqual([]);
      const seed = wrapKeySeed(Uint8Array.from(first.prfs[0] ?? []), ACCOUNT, "localhost");
      const share = ed25519Share(seed, ACCOUNT);
      expect(second.fromWorker).toContain(forms(verifyingShare(share))[1]);
      // What only a script of the page itself can do: take an envelope's K^s, and have the relay's lock taken off.
      const [kept] = await page.evaluate(() => keptEnvelopes());
      if (kept === undefined) throw new Error("there is no envelope");
      const { keyId } = kept;
      const lockedKek = Uint8Array.from(kept.lockedKek);
      const pass = beginUnlock(lockSuite(1), { suite: 1, keyId, lockedKek }, (size) => randomBytes(size));
      const relay = relays.find(({ url }) => url === kept.relay) ?? one;
      const answer = await relay.client.removeServerLock({ tenant: TENANT, keyId, element: pass.request });
      const kek = pass.finish(answer, Uint8Array.from(kept.commitment));
      for (const secret of [seed, share, ecdsaShare(seed, ACCOUNT, "localhost"), kek]) {
        for (const form of forms(secret)) {
          expect(first.fromWorker + second.fromWorker).not.toContain(form);
          for (const request of sent) expect(request).not.toContain(form);
        }
      }
      await click(page, "sign-out");
      expect(await page.evaluate(() => keptEnvelopes())).toEqual([]);
      await load(page);
      expect(await unlock(page, "after signing out")).toBe("passkey");
    });
  },
);
