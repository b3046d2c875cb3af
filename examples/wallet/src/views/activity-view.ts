import { type Activity, activityOf } from "../activity.ts";
import { shortened, timeText } from "../format.ts";
import { element } from "../ui/element.ts";
import { Status } from "../ui/status.ts";
import type { WalletApp } from "../wallet-app.ts";

const OUTCOMES: Readonly<Record<Activity["outcome"], string>> = {
  done: "Done",
  pending: "On its way",
  failed: "Failed",
};

/** What the account did, with more on demand. */
export function activityCard(app: WalletApp, accountId: string): HTMLElement {
  const list = element("ul", { class: "activity", "aria-label": "Activity" });
  const status = new Status();
  const more = element("button", { type: "button", class: "quiet", hidden: true }, "Show more");
  const reload = element("button", { type: "button", class: "quiet" }, "Refresh");
  let next = "";

  const load = async (isFirst: boolean) => {
    status.pending("Loading…");
    reload.setAttribute("aria-disabled", "true");
    try {
      const page = await activityOf(app, accountId, isFirst ? "" : next);
      if (isFirst) list.replaceChildren();
      list.append(...page.entries.map(activityItem));
      next = page.next;
      more.hidden = next === "";
      status.clear();
      if (list.childElementCount === 0) status.done("Nothing yet. What you send is listed here.");
    } catch (error) {
      status.failed(error);
    } finally {
      reload.removeAttribute("aria-disabled");
    }
  };
  more.addEventListener("click", () => void load(false));
  reload.addEventListener("click", () => void load(true));
  void load(true);

  return element(
    "section",
    { class: "card", "aria-label": "Activity" },
    element("div", { class: "row spread" }, element("p", {}, "The latest first"), reload),
    list,
    element("div", { class: "row" }, more),
    status.element,
  );
}

export function activityItem({ title, chain, at, outcome, why, hash }: Activity): HTMLLIElement {
  return element(
    "li",
    { "data-outcome": outcome },
    element("span", { class: "title" }, title),
    element("span", { class: "badge" }, OUTCOMES[outcome]),
    element(
      "small",
      {},
      element("span", {}, chain),
      element("span", {}, timeText(at)),
      hash !== undefined && element("span", {}, shortened(hash)),
      why !== undefined && element("span", { class: "why" }, why),
    ),
  );
}
