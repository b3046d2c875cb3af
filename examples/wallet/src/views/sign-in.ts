import { findAccounts } from "../find-accounts.ts";
import { lastAccount } from "../local-store.ts";
import { element, fill } from "../ui/element.ts";
import { run, Status } from "../ui/status.ts";
import { knownAccount, type WalletApp } from "../wallet-app.ts";

/**
 * Signs in with a passkey. Where this browser knows the account, that is all; else its accounts are looked up at the relay, and
 * the passkey makes the key once more.
 */
export function signInCard(app: WalletApp, opened: (accountId: string) => void): HTMLElement {
  const { wallet } = app;
  const known = knownAccount(app);
  const status = new Status();
  const choice = element("div", { class: "stack" });
  const button = element("button", { type: "button" }, "Use my passkey");

  const open = async (accountId: string) => {
    await wallet.createKey({ accountId });
    lastAccount.set(accountId);
    opened(accountId);
    return `${accountId} is open.`;
  };

  const choose = (accounts: readonly string[]) => {
    const buttons = accounts.map((accountId) => {
      const pick = element("button", { type: "button", class: "quiet" }, accountId);
      pick.addEventListener("click", () =>
        run(pick, status, "Confirm with your passkey…", () => open(accountId)),
      );
      return pick;
    });
    fill(choice, element("p", {}, "Which account do you want to open?"), ...buttons);
    buttons[0]?.focus();
  };

  button.addEventListener("click", () =>
    run(button, status, "Confirm with your passkey…", async (say) => {
      if (known !== undefined) {
        await wallet.signIn({ accountId: known });
        opened(known);
        return `${known} is open.`;
      }
      if (wallet.user === undefined) await wallet.signIn();
      say("Looking for your accounts…");
      const accounts = await findAccounts(app);
      const [only] = accounts;
      if (only === undefined) return "This passkey has no account here yet. Create one.";
      if (accounts.length > 1) {
        choose(accounts);
        return "You are signed in.";
      }
      say(`Confirm with your passkey, twice at most, to open ${only}…`);
      return open(only);
    }),
  );

  return element(
    "section",
    { class: "card", "aria-labelledby": "sign-in-title" },
    element("h2", { id: "sign-in-title" }, known === undefined ? "I have an account" : `Welcome back`),
    element(
      "p",
      {},
      known === undefined
        ? "Sign in with the passkey that made it."
        : `${known} was open in this browser before.`,
    ),
    element("div", { class: "row" }, button),
    choice,
    status.element,
  );
}
