import type { Page } from "playwright-core";

/**
 * Asks an embedded wallet for something that the example application never asks: embeds it anew and speaks its protocol. The page
 * is the application's, whose user has connected the wallet before.
 */
export async function askEmbedded(
  page: Page,
  walletUrl: string,
  method: string,
  params: object,
): Promise<void> {
  const given = JSON.stringify({ walletUrl, method, params });
  await page.evaluate(`(async () => {
    const { walletUrl, method, params } = ${given};
    const frame = document.createElement("iframe");
    frame.src = walletUrl;
    frame.style.cssText = "position:fixed;inset:auto 0 0 auto;width:416px;max-width:100vw;height:640px;border:0";
    document.body.append(frame);
    await new Promise((loaded) => frame.addEventListener("load", loaded));
    const hello = JSON.stringify({ type: "countersign-wallet-hello", protocolVersion: 1 });
    // The wallet listens once it has its configuration.
    for (let isWelcome = false; !isWelcome; ) {
      const { port1, port2 } = new MessageChannel();
      isWelcome = await new Promise((resolve) => {
        port1.onmessage = () => resolve(true);
        setTimeout(() => resolve(false), 250);
        frame.contentWindow.postMessage(hello, new URL(walletUrl).origin, [port2]);
      });
      if (isWelcome) port1.postMessage(JSON.stringify({ type: "request", id: 1, method, params }));
    }
  })()`);
}
