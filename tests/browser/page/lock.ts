// A page of a wallet that relays unlock, for tests. It needs no session: its passkey is known to nobody but the browser.
import { createWallet } from "../../../clients/web/src/browser/index.ts";
import { indexedEnvelopes } from "../../../clients/web/src/browser/indexed-envelopes.ts";
import { SealedEnvelopes } from "../../../clients/web/src/vault/sealed-envelopes.ts";
import type { LockPageConfig } from "../support/page-config.ts";
import { element, startLog } from "./steps.ts";

const config: LockPageConfig = await (await fetch("./config.json")).json();
const { relayUrl, peers, tenant, rpId, network, accountId } = config;
const wallet = createWallet({
  relay: { baseUrl: relayUrl },
  peers,
  ...(location.search === "?without-lock" ? {} : { lock: {} }),
  tenant,
  rpId,
  network,
  near: () => Promise.reject(new Error("this page asks nothing of NEAR")),
  keyStore: localStorage,
});

const events: { readonly type: string; readonly relay?: string; readonly keyId?: string }[] = [];
wallet.on((event) => {
  // Without errors, which are no JSON.
  events.push({ ...event, ...("error" in event ? { error: String(event.error) } : {}) });
  element("events").textContent = events.map(({ type }) => type).join(" ");
});

// For the test, which looks at what is kept in this browser.
Object.assign(globalThis, {
  events,
  async keptEnvelopes() {
    const kept = await new SealedEnvelopes(indexedEnvelopes()).of({ tenant, rpId, accountId });
    return [...kept].map(([relay, { envelope, commitment }]) => ({
      relay,
      keyId: envelope.keyId,
      lockedKek: [...envelope.lockedKek],
      commitment: [...commitment],
    }));
  },
});

const { log, onClick } = startLog(() => {
  element("account").textContent = accountId;
});

onClick("enrol", async () => {
  await navigator.credentials.create({
    publicKey: {
      rp: { id: rpId, name: "Wallet" },
      user: { id: crypto.getRandomValues(new Uint8Array(16)), name: "Alice", displayName: "Alice" },
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      extensions: { prf: {} },
    },
  });
  return "done";
});
onClick("unlock", async () => {
  const started = performance.now();
  const unlocked = await wallet.unlock({ accountId });
  const ms = Math.round(performance.now() - started);
  return `${unlocked.by} ${"relay" in unlocked ? unlocked.relay : ""} ${ms} ms`;
});
onClick("sign-out", async () => {
  await wallet.signOut();
  return "done";
});

await log("loaded");
