import { serveEmbeddedWallet } from "@countersign/web/guest";
import { browserStore } from "../browser-store.ts";
import { element, fill } from "../ui/element.ts";
import { knownAccount, type WalletApp } from "../wallet-app.ts";
import { askToConfirm } from "./confirm-dialog.ts";
import { askToConnect } from "./connect-dialog.ts";
import { ensureOpen } from "./ensure-open.ts";

/** The wallet in an application's frame: nothing but what it has to ask its user. */
export async function runEmbedded(app: WalletApp, root: HTMLElement): Promise<void> {
  const { wallet, config } = app;
  const rest = () => fill(root, element("p", { class: "loading" }, "The wallet waits for the application."));
  rest();
  try {
    await wallet.resume();
  } catch {
    // The dialogs ask for a sign-in where there is none, and say what fails then.
  }
  const accountId = knownAccount(app);
  // In the background, as in the wallet's own window; what needs the shares asks for them itself.
  if (accountId !== undefined && wallet.user !== undefined) {
    wallet.unlock({ accountId }).catch(() => undefined);
  }

  const server = serveEmbeddedWallet({
    allowedOrigins: config.applications,
    wallet,
    network: config.network,
    grants: browserStore,
    ui: {
      connect: (context) => shown(root, askToConnect(app, context), rest),
      async confirm(request, context) {
        const isOpen = await shown(root, ensureOpen(app, request, context), rest);
        return isOpen && shown(root, askToConfirm(request, context, config.evm), rest);
      },
    },
  });
  const resizes = new ResizeObserver(() => server.resize(wholeHeight(root)));
  new MutationObserver(() => {
    resizes.disconnect();
    for (const part of [root, ...root.querySelectorAll(".question > *")]) resizes.observe(part);
  }).observe(root, { childList: true });
  resizes.observe(root);
}

/** How high the frame has to be so that nothing in it scrolls, in CSS pixels: the dialog itself is never higher than the frame. */
function wholeHeight(root: HTMLElement): number {
  const hidden = [...root.querySelectorAll(".question, .warnings")].reduce(
    (sum, part) => sum + part.scrollHeight - part.clientHeight,
    0,
  );
  return Math.ceil(root.getBoundingClientRect().height + hidden);
}

/** A question on the screen, and its answer. */
export interface Question<T> {
  readonly element: HTMLElement;
  readonly answer: Promise<T>;
}

async function shown<T>(root: HTMLElement, { element, answer }: Question<T>, over: () => void): Promise<T> {
  fill(root, element);
  try {
    return await answer;
  } finally {
    over();
  }
}
