import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ProvenUser } from "@countersign/web/wallet";
import { timeText } from "../format.ts";
import { element } from "../ui/element.ts";
import { run, Status } from "../ui/status.ts";
import { nameOf } from "./identities-card.ts";

/** An account that belongs to another user of this wallet: explains it, and makes one of both if the user wants. */
export function mergeCard(proven: ProvenUser, over: () => void): HTMLElement {
  const { identities, createTime } = proven.user;
  const status = new Status();
  const merge = element("button", { type: "button" }, "Merge both");
  const leave = element("button", { type: "button", class: "quiet" }, "Leave it as it is");
  merge.addEventListener("click", () =>
    run(merge, status, "Merging. Your passkey may be asked for…", async () => {
      await proven.merge();
      leave.remove();
      merge.remove();
      over();
      return "Both are one user now: you.";
    }),
  );
  leave.addEventListener("click", () =>
    run(leave, status, "One moment…", async () => {
      await proven.discard();
      leave.remove();
      merge.remove();
      return "Nothing was changed.";
    }),
  );
  const since = createTime === undefined ? "" : `, since ${timeText(timestampDate(createTime))}`;
  return element(
    "section",
    { class: "card", "aria-labelledby": "merge-title" },
    element("h2", { id: "merge-title", tabindex: "-1" }, "This account is connected elsewhere"),
    element("p", {}, `You have just proved that you also are another user${since}. That user signs in with:`),
    element("ul", {}, ...identities.map(({ kind }) => element("li", {}, nameOf(kind)))),
    element(
      "p",
      {},
      "If you merge both, all of these sign you in here, and what that user has is yours. That user is signed out everywhere. It cannot be undone.",
    ),
    element("div", { class: "row" }, merge, leave),
    status.element,
  );
}
