import type { Unlocked, WalletEvent } from "@countersign/web/wallet";
import { hostOf, timeText } from "./format.ts";
import { element } from "./ui/element.ts";
import type { WalletApp } from "./wallet-app.ts";

const KEPT = 8;

/** What happens between the wallet and its relays, said in passing: the latest, and a few before it on demand. */
export class RelayNews {
  readonly #latest = element("span", { role: "status", "aria-live": "polite" }, "Opening…");
  readonly #list = element("ol");
  readonly #dot = element("span", { class: "light", "data-kind": "good" });
  readonly element: HTMLElement = element(
    "details",
    { class: "news" },
    element("summary", {}, this.#dot, this.#latest),
    this.#list,
  );

  constructor({ wallet }: WalletApp) {
    wallet.on((event) => this.#say(textOf(event), event.type === "relay-down" ? "bad" : "good"));
  }

  opened(unlocked: Unlocked): void {
    this.#say(openedText(unlocked), "good");
  }

  failed(text: string): void {
    this.#say(text, "bad");
  }

  #say(text: string, kind: "good" | "bad"): void {
    this.#dot.dataset.kind = kind;
    this.#latest.textContent = text;
    this.#list.prepend(element("li", {}, `${timeText(new Date())}: ${text}`));
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild?.remove();
  }
}

function openedText(unlocked: Unlocked): string {
  switch (unlocked.by) {
    case "relay":
      return `Opened by relay ${hostOf(unlocked.relay)}, without a prompt`;
    case "passkey":
      return "Opened with your passkey";
    case "held":
      return "Open";
  }
}

function textOf(event: WalletEvent): string {
  switch (event.type) {
    case "relay-down":
      return `Relay ${hostOf(event.relay)} does not answer; it is asked again later`;
    case "relay-up":
      return `Relay ${hostOf(event.relay)} answers again`;
    case "fallback":
      return "No relay could open the wallet, so your passkey was asked";
    case "refreshed":
      return `Relay ${hostOf(event.relay)} can open this wallet the next time`;
  }
}
