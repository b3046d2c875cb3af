import { activityOf } from "../activity.ts";
import { coinText, nearText } from "../format.ts";
import { element, fill } from "../ui/element.ts";
import { Status } from "../ui/status.ts";
import type { WalletApp } from "../wallet-app.ts";
import { activityItem } from "./activity-view.ts";

const LATEST = 3;

/** The account, what it holds, and what it did last. */
export function homeView(app: WalletApp, accountId: string): HTMLElement {
  const near = element("p", { class: "amount", id: "near-balance" }, "…");
  const coins = element("p", { class: "amount" }, "…");
  const latest = element("ul", { class: "activity", "aria-label": "Latest" });
  const status = new Status();
  const address = app.wallet.evm.account(accountId)?.address;

  const read = async () => {
    const failures: unknown[] = [];
    const into = async (act: () => Promise<void>) => act().catch((error: unknown) => failures.push(error));
    await Promise.all([
      into(async () => {
        const balance = await app.near.balance(accountId);
        near.textContent = balance === undefined ? "Not on the chain" : nearText(balance);
      }),
      into(async () => {
        if (app.evm === undefined || address === undefined) return;
        const balance = await app.evm.chain.getBalance({ address });
        coins.textContent = coinText(balance, app.evm.config.symbol);
      }),
      into(async () => {
        const { entries } = await activityOf(app, accountId);
        fill(latest, ...entries.slice(0, LATEST).map(activityItem));
      }),
    ]);
    if (failures.length > 0) status.failed(failures[0]);
    else status.clear();
  };
  void read();
  const again = () => (near.isConnected ? void read() : app.changes.removeEventListener("change", again));
  app.changes.addEventListener("change", again);

  return element(
    "div",
    { class: "stack" },
    element(
      "div",
      { class: "tiles" },
      element("section", { class: "card" }, element("h2", {}, "NEAR"), near, element("small", {}, accountId)),
      app.evm !== undefined &&
        element(
          "section",
          { class: "card" },
          element("h2", {}, app.evm.config.name),
          address === undefined ? element("p", { class: "amount" }, "—") : coins,
          element("small", { class: "wrap" }, address ?? "No address yet: see Ethereum."),
        ),
    ),
    element("section", { class: "card" }, element("h2", {}, "Latest"), latest, status.element),
  );
}
