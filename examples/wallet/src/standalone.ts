import { connectReturned, type Returned } from "./connect-returned.ts";
import { explain } from "./explain.ts";
import { RelayNews } from "./relay-news.ts";
import { element, fill } from "./ui/element.ts";
import { Status } from "./ui/status.ts";
import { activityCard } from "./views/activity-view.ts";
import { createAccountForm } from "./views/create-account.ts";
import { evmForms } from "./views/evm-view.ts";
import { homeView } from "./views/home-view.ts";
import { mergeCard } from "./views/merge-card.ts";
import { nearForms } from "./views/near-view.ts";
import { securityView } from "./views/security-view.ts";
import { Shell, type View } from "./views/shell.ts";
import { signInCard } from "./views/sign-in.ts";
import { knownAccount, type WalletApp } from "./wallet-app.ts";

/** The wallet in a window of its own: opens what this browser knows, or begins. */
export async function runStandalone(app: WalletApp, root: HTMLElement): Promise<void> {
  const news = new RelayNews(app);
  const begun = new Status();
  try {
    await app.wallet.resume();
  } catch (error) {
    // Not that nobody is signed in: the relay does not say. Signing in may work at once.
    begun.failed(error);
  }
  const accountId = knownAccount(app);
  if (accountId === undefined || app.wallet.user === undefined) return welcome(app, root, news, begun);
  const shell = openShell(app, root, news, accountId);
  void unlock(app, news, accountId);
  void takeUp(app, shell);
}

/** Opens the account's shares, in the background: what needs them asks for them itself. */
async function unlock({ wallet }: WalletApp, news: RelayNews, accountId: string): Promise<void> {
  try {
    news.opened(await wallet.unlock({ accountId }));
  } catch (error) {
    news.failed(`Not open yet: ${explain(error).what}`);
  }
}

function openShell(app: WalletApp, root: HTMLElement, news: RelayNews, accountId: string): Shell {
  const { evm } = app;
  const views: View[] = [
    { name: "Home", icon: "home", show: () => homeView(app, accountId) },
    { name: "NEAR", icon: "send", show: () => nearForms(app, accountId) },
    { name: "Activity", icon: "list", show: () => activityCard(app, accountId) },
    {
      name: "Security",
      icon: "shield",
      show: () => securityView(app, accountId, () => welcome(app, root, news)),
    },
  ];
  if (evm !== undefined) {
    views.splice(2, 0, { name: "Ethereum", icon: "coin", show: () => evmForms(app, evm, accountId) });
  }
  const shell = new Shell({ accountId, views, aside: news.element });
  fill(root, shell.element);
  shell.show("Home");
  return shell;
}

/** Nobody is signed in, or the user has no account yet. */
function welcome(app: WalletApp, root: HTMLElement, news: RelayNews, begun?: Status): void {
  const opened = (accountId: string) => {
    openShell(app, root, news, accountId);
    void unlock(app, news, accountId);
  };
  fill(
    root,
    element(
      "main",
      { class: "welcome" },
      element("h1", {}, "Countersign wallet"),
      element("p", { class: "lead" }, "One passkey, one account on NEAR and Ethereum. No phrase to keep."),
      begun?.element,
      signInCard(app, opened),
      createAccountForm(app, opened),
    ),
  );
  void connectReturnedTo(app, begun ?? new Status());
}

/** A redirect that comes back to somebody who is not signed in connects nothing. */
async function connectReturnedTo(app: WalletApp, status: Status): Promise<void> {
  try {
    const returned = await connectReturned(app);
    if (returned?.kind === "nobody") {
      status.explained({ what: "Sign in first.", next: "Then connect the account under Security." });
    }
  } catch (error) {
    status.failed(error);
  }
}

/** Shows what came of a redirect to an identity provider, if this is where one came back. */
async function takeUp(app: WalletApp, shell: Shell): Promise<void> {
  const status = new Status();
  try {
    const returned = await connectReturned(app);
    if (returned === undefined) return;
    shell.show("Security", status.element, ...cards(returned, shell));
    if (returned.kind === "connected") {
      status.done(returned.isNew ? "The account is connected." : "The account was connected before.");
    }
  } catch (error) {
    shell.show("Security", status.element);
    status.failed(error);
  }
}

function cards(returned: Returned, shell: Shell): HTMLElement[] {
  if (returned.kind !== "elsewhere") return [];
  const done = element("p", { role: "status" }, "Both are one user now: you.");
  return [mergeCard(returned.proven, () => shell.show("Security", done))];
}
