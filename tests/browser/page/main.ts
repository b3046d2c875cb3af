// A wallet's page for tests.
import { SubmissionState, WaitUntil } from "@countersign/web";
import { createWallet, nearRpc } from "../../../clients/web/src/browser/index.ts";
import { indexedPresignatures } from "../../../clients/web/src/browser/indexed-presignatures.ts";
import type { PageConfig } from "../support/page-config.ts";
import { element, startLog } from "./steps.ts";

const config: PageConfig = await (await fetch("./config.json")).json();
const { relayUrl, tenant, rpId, network, accountId } = config;
const wallet = createWallet({
  relay: { baseUrl: relayUrl },
  tenant,
  rpId,
  network,
  near: nearRpc(new URL("./near", location.href).href),
  tokens: sessionStorage,
  keyStore: localStorage,
});

// For the test of the store alone.
Object.assign(globalThis, { presignatures: indexedPresignatures("test") });

function nameOf(state: SubmissionState | undefined): string {
  return Object.entries(SubmissionState).find(([, value]) => value === state)?.[0] ?? "nothing";
}

const { log, onClick } = startLog(() => {
  element("user").textContent = wallet.user?.id ?? "nobody";
  element("account").textContent = accountId;
  element("key").textContent = wallet.key(accountId)?.keyId ?? "none";
});

onClick("register", async () => (await wallet.register({ userName: "Alice", accountId })).id);
onClick("sign-in", async () => (await wallet.signIn({ accountId })).id);
onClick("create-key", async () => (await wallet.createKey({ accountId })).keyId);
onClick("create-account", async () => {
  const publicKey = wallet.key(accountId)?.keyId ?? "";
  const waitUntil = WaitUntil.FINAL;
  const { submission } = await wallet.relayClient.createAccount({ network, accountId, publicKey, waitUntil });
  return nameOf(submission?.state);
});
onClick("relay", async () => {
  const args = new TextEncoder().encode(JSON.stringify({ text: "from a page" }));
  const action = {
    kind: "FunctionCall",
    methodName: "add_message",
    args,
    gas: 30_000_000_000_000n,
    deposit: 0n,
  } as const;
  const states: string[] = [];
  const { transaction } = await wallet.relay({
    accountId,
    receiverId: "guest-book.test",
    actions: [action],
    onState: ({ state }) => states.push(nameOf(state)),
  });
  return `${states.join(" ")} ${transaction?.hash}`;
});
onClick("sign-message", async () => {
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const message = { message: "hello", nonce, recipient: "app.example" };
  const { signature } = await wallet.signMessage({ accountId, message });
  return `${signature.length} bytes`;
});
onClick("sign-out", async () => {
  await wallet.signOut();
  return "done";
});

const user = await wallet.resume();
await log(user === undefined ? "nobody is signed in" : "the session goes on");
