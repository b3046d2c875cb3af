// An application's page for tests, which drive it by `application`.
import type { EmbeddedWallet, WalletProgress } from "../../../clients/web/src/iframe/api.ts";
import { connectWallet, EmbeddedWalletError } from "../../../clients/web/src/iframe/browser/host.ts";
import type { Application, Outcome } from "../support/application.ts";

let wallet: EmbeddedWallet | undefined;
let controller = new AbortController();
const progress: WalletProgress[] = [];

async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await work() };
  } catch (error) {
    if (!(error instanceof EmbeddedWalletError)) throw error;
    return { reason: error.reason, code: error.code };
  }
}

function opened(): EmbeddedWallet {
  if (wallet === undefined) throw new Error("no wallet is open");
  return wallet;
}

const application: Application = {
  progress,
  open: (url, handshakeTimeoutMs = 20_000) =>
    outcomeOf(async () => {
      wallet = await connectWallet({ url, handshakeTimeoutMs });
      return wallet.capabilities;
    }),
  connect: () => outcomeOf(() => opened().connect()),
  relay: (accountId, text) =>
    outcomeOf(() => {
      progress.length = 0;
      controller = new AbortController();
      const { signal } = controller;
      const [gas, deposit] = ["30000000000000", "0"];
      const call = {
        kind: "FunctionCall",
        methodName: "add_message",
        args: { json: { text } },
        gas,
        deposit,
      } as const;
      const batch = { accountId, receiverId: "guest-book.test", actions: [call] };
      return opened().relay(batch, { signal, onProgress: (now) => progress.push(now) });
    }),
  signMessage: (accountId, recipient) =>
    outcomeOf(() => {
      const nonce = btoa("n".repeat(32));
      return opened().signNearMessage({ accountId, message: "hello", nonce, recipient });
    }),
  abort: () => controller.abort(),
  closed: () => outcomeOf(async () => Promise.reject(await opened().closed)),
  close: () => opened().close(),
  hello(url, protocolVersion) {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<unknown>((resolve) => {
      port1.onmessage = ({ data }) => resolve(JSON.parse(data));
    });
    const hello = JSON.stringify({ type: "countersign-wallet-hello", protocolVersion });
    document.querySelector("iframe")?.contentWindow?.postMessage(hello, new URL(url).origin, [port2]);
    return answer;
  },
};

Object.assign(globalThis, { application });
document.body.dataset.ready = "true";
