import type { RequestContext } from "@countersign/web/guest";
import { findAccounts } from "../find-accounts.ts";
import { lastAccount } from "../local-store.ts";
import { element, fill } from "../ui/element.ts";
import { Status } from "../ui/status.ts";
import { knownAccount, type WalletApp } from "../wallet-app.ts";
import { dialog } from "./dialog.ts";
import type { Question } from "./run-embedded.ts";

/**
 * Asks whether the application may see the account. A frame has a storage of its own in each site that embeds it, so the first
 * time there is nobody signed in, and the account is found with the passkey.
 */
export function askToConnect(
  app: WalletApp,
  { origin, signal }: RequestContext,
): Question<readonly string[]> {
  const { wallet, evm } = app;
  const status = new Status();
  const choice = element("fieldset", { class: "choice" });
  const known = wallet.user === undefined ? undefined : knownAccount(app);
  let accounts: readonly string[] | undefined = known === undefined ? undefined : [known];

  const showAccounts = () => {
    const options = (accounts ?? []).map((accountId, i) =>
      element(
        "label",
        {},
        element("input", { type: "radio", name: "account", value: accountId, checked: i === 0 }),
        accountId,
      ),
    );
    fill(choice, element("legend", {}, "Account"), ...options);
  };
  if (accounts !== undefined) showAccounts();

  /** The first click signs in, the second one agrees. */
  async function find(button: HTMLButtonElement): Promise<undefined> {
    status.pending("Confirm with your passkey…");
    await wallet.signIn({}, { signal });
    status.pending("Looking for your accounts…");
    const found = await findAccounts(app);
    if (found.length === 0) {
      status.explained({
        what: "This passkey has no account yet.",
        next: "Open the wallet in a window of its own, and create one.",
      });
      return;
    }
    accounts = found;
    showAccounts();
    button.textContent = "Connect";
    status.done("You are signed in. Choose what the application may see.");
  }

  async function connect(): Promise<readonly string[]> {
    const picked = choice.querySelector<HTMLInputElement>("input:checked")?.value ?? "";
    if (wallet.key(picked) === undefined) {
      status.pending("Confirm with your passkey, so that this frame has the account's key…");
      await wallet.createKey({ accountId: picked }, { signal });
    }
    if (evm !== undefined && wallet.evm.account(picked) === undefined) {
      status.pending(`Confirm with your passkey for ${evm.config.name}…`);
      await wallet.evm.bootstrap({ accountId: picked }, { signal });
    }
    lastAccount.set(picked);
    return [picked];
  }

  return dialog<readonly string[]>({
    title: "Connect your wallet?",
    origin,
    content: [
      element(
        "p",
        {},
        "It will see your account's name, its public key and its address. It cannot sign anything without asking you.",
      ),
      choice,
      status.element,
    ],
    agree: { label: known === undefined ? "Use my passkey" : "Connect" },
    agreed: async (button) => {
      try {
        return await (accounts === undefined ? find(button) : connect());
      } catch (error) {
        status.failed(error);
        return undefined;
      }
    },
    rejected: [],
    signal,
  });
}
