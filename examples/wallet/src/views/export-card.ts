import { element, fill } from "../ui/element.ts";
import { Field } from "../ui/field.ts";
import { run, Status } from "../ui/status.ts";
import type { WalletApp } from "../wallet-app.ts";

/** How long a key is shown, in seconds. */
const SHOWN_S = 60;

interface ExportOptions {
  readonly title: string;
  /** What the key is, and what can be done with it. */
  readonly text: string;
  readonly accountId: string;
  /** The key as it is shown. */
  readonly take: () => Promise<string>;
}

/** Both keys, where they may be taken out. */
export function exportCards({ wallet, evm }: WalletApp, accountId: string): HTMLElement {
  const where = whereNot();
  if (where !== undefined) {
    return element("section", { class: "card" }, element("h2", {}, "Export keys"), element("p", {}, where));
  }
  const hasAddress = wallet.evm.account(accountId) !== undefined;
  return element(
    "div",
    { class: "stack" },
    exportCard({
      title: "Export the NEAR key",
      text: "The key's scalar, 32 bytes in hexadecimal, little-endian. It is no seed phrase: wallets cannot import it, programs can sign with it.",
      accountId,
      async take() {
        const bytes = await wallet.exportKey({ accountId });
        const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
        bytes.fill(0);
        return text;
      },
    }),
    evm !== undefined &&
      hasAddress &&
      exportCard({
        title: `Export the ${evm.config.name} key`,
        text: "The private key of your address, which other wallets can import.",
        accountId,
        take: () => wallet.evm.exportKey({ accountId }),
      }),
  );
}

/** Keys are shown in a window of the wallet's own, which no other page can reach; undefined where that is so. */
function whereNot(): string | undefined {
  if (window.top !== window) return "Open the wallet in a window of its own to export keys.";
  if (!crossOriginIsolated) {
    return "This window is not isolated from other pages, so keys stay where they are. It takes the headers Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy.";
  }
  return undefined;
}

function exportCard({ title, text, accountId, take }: ExportOptions): HTMLElement {
  const status = new Status();
  const shown = element("div", { class: "stack" });
  const confirm = new Field({
    label: `Type ${accountId} to go on`,
    problem: (value) => (value === accountId ? undefined : `Type exactly ${accountId}.`),
  });
  const reveal = element("button", { type: "submit", class: "danger" }, "Show the key");
  const form = element(
    "form",
    { class: "stack", novalidate: true, "aria-label": title },
    confirm.element,
    element("div", { class: "row" }, reveal),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (confirm.checked() === undefined) return;
    void run(reveal, status, "Confirm with your passkey…", async () => {
      const key = await take();
      confirm.input.value = "";
      show(shown, key, status);
      return `The key is shown for ${SHOWN_S} seconds.`;
    });
  });
  return element(
    "section",
    { class: "card" },
    element("h2", {}, title),
    element(
      "p",
      { class: "warning" },
      "Whoever has this key has everything that it holds, without your passkey and without the relay. Nobody who helps you needs it. It cannot be called back.",
    ),
    element("p", {}, text),
    form,
    shown,
    status.element,
  );
}

/** Shows the key until the time is over, or it is hidden. Nothing of it stays in the page. */
function show(place: HTMLElement, key: string, status: Status): void {
  const output = element("output", { class: "secret", tabindex: "-1", "aria-label": "Private key" }, key);
  const copy = element("button", { type: "button" }, "Copy");
  const hide = element("button", { type: "button", class: "quiet" }, "Hide now");
  const over = () => {
    clearTimeout(timer);
    removeEventListener("pagehide", over);
    fill(place);
    status.done("The key is hidden.");
  };
  const timer = setTimeout(over, SHOWN_S * 1_000);
  addEventListener("pagehide", over);
  hide.addEventListener("click", over);
  copy.addEventListener("click", () =>
    run(copy, status, "Copying…", async () => {
      await navigator.clipboard.writeText(key);
      return "Copied. Clear the clipboard when you are done.";
    }),
  );
  fill(place, output, element("div", { class: "row" }, copy, hide));
  output.focus();
}
