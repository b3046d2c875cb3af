// A wallet's page in a frame, for tests: the real wallet behind screens of two buttons.
import { WaitUntil } from "@countersign/web";
import { createWallet, nearRpc } from "../../../clients/web/src/browser/index.ts";
import {
  armWhenVisible,
  type RequestContext,
  serveEmbeddedWallet,
  storeOf,
} from "../../../clients/web/src/iframe/browser/guest.ts";
import type { FramePageConfig } from "../support/frame-servers.ts";
import { element } from "./steps.ts";

const config: FramePageConfig = await (await fetch("./config.json")).json();
const { relayUrl, tenant, rpId, network, accountId, allowedOrigins } = config;
const wallet = createWallet({
  relay: { baseUrl: relayUrl },
  tenant,
  rpId,
  network,
  near: nearRpc(new URL("./near", location.href).href),
  tokens: storeOf(() => sessionStorage),
  keyStore: storeOf(() => localStorage),
});

function log(text: string): void {
  const line = document.createElement("li");
  line.textContent = text;
  element("log").append(line);
}

/** Shows a question until a button is clicked or nobody waits for the answer any more; then does what agreeing means. */
function ask<T>(
  question: string,
  shown: object,
  { origin, signal }: RequestContext,
  agree: () => Promise<T>,
): Promise<T | undefined> {
  element("question").textContent = question;
  element("origin").textContent = origin;
  element("request").textContent = JSON.stringify(shown);
  const parts = ["question", "origin", "request"].map(element);
  const disarm = armWhenVisible(element("agree") as HTMLButtonElement, { with: parts });
  return new Promise<T | undefined>((resolve, reject) => {
    element("agree").onclick = () => agree().then(resolve, reject);
    element("decline").onclick = () => resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined));
  }).finally(() => {
    disarm();
    element("question").textContent = "Wallet";
    element("request").textContent = "";
  });
}

/** The user's account: made at the first time, with a passkey. */
async function account(): Promise<readonly string[]> {
  await wallet.register({ userName: "Alice", accountId });
  const { keyId: publicKey } = await wallet.createKey({ accountId });
  const waitUntil = WaitUntil.FINAL;
  await wallet.relayClient.createAccount({ network, accountId, publicKey, waitUntil });
  return [accountId];
}

const server = serveEmbeddedWallet({
  allowedOrigins,
  wallet,
  network,
  ui: {
    connect: async (context) => (await ask("May it see your account?", {}, context, account)) ?? [],
    confirm: async (request, context) =>
      (await ask("Do you agree?", request, context, async () => true)) ?? false,
  },
  onError: ({ reason, cause }, origin) => log(`${reason} ${origin} ${cause ?? ""}`),
});
new ResizeObserver(() => {
  server.resize(Math.ceil(element("decline").getBoundingClientRect().bottom));
}).observe(element("request"));
