import { element } from "../ui/element.ts";
import { run, Status } from "../ui/status.ts";
import type { WalletApp } from "../wallet-app.ts";
import { exportCards } from "./export-card.ts";
import { identitiesCard } from "./identities-card.ts";

/** Ways to sign in, the end of the session, and the keys themselves. */
export function securityView(app: WalletApp, accountId: string, signedOut: () => void): HTMLElement {
  return element(
    "div",
    { class: "stack" },
    identitiesCard(app, accountId),
    signOutCard(app, signedOut),
    exportCards(app, accountId),
  );
}

function signOutCard({ wallet }: WalletApp, signedOut: () => void): HTMLElement {
  const status = new Status();
  const button = element("button", { type: "button", class: "quiet" }, "Sign out");
  button.addEventListener("click", () =>
    run(button, status, "Signing out…", async () => {
      try {
        await wallet.signOut();
      } finally {
        signedOut();
      }
      return "You are signed out.";
    }),
  );
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "This browser"),
    element("p", {}, "Signing out closes the wallet here. Your passkey opens it again."),
    element("div", { class: "row" }, button),
    status.element,
  );
}
