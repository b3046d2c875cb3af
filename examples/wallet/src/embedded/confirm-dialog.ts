import type { DecodedRequest, RequestContext, Warning } from "@countersign/web/guest";
import { element } from "../ui/element.ts";
import { icon } from "../ui/icon.ts";
import type { EvmConfig } from "../wallet-config.ts";
import { dialog } from "./dialog.ts";
import { requestView } from "./request-view.ts";
import type { Question } from "./run-embedded.ts";

const TITLES: Readonly<Record<DecodedRequest["kind"], string>> = {
  "near-relay": "Send this?",
  "near-transactions": "Sign these transactions?",
  "near-message": "Sign this message?",
  "evm-transaction": "Sign this transaction?",
  "evm-message": "Sign this message?",
  "evm-typed-data": "Sign these data?",
};

/** Shows a request, dangers first, and asks. */
export function askToConfirm(
  request: DecodedRequest,
  { origin, signal }: RequestContext,
  evm: EvmConfig | undefined,
): Question<boolean> {
  const isDanger = request.warnings.some(({ level }) => level === "danger");
  return dialog<boolean>({
    title: TITLES[request.kind],
    origin,
    warnings: request.warnings.length === 0 ? undefined : warnings(request.warnings),
    content: [requestView(request, evm)],
    agree: { label: isDanger ? "Approve all the same" : "Approve", isDanger },
    agreed: async () => true,
    rejected: false,
    signal,
  });
}

function warnings(list: readonly Warning[]): HTMLElement {
  const items = list.map(({ level, text }) =>
    element(
      "li",
      { "data-level": level },
      icon("alert"),
      element("span", {}, element("strong", {}, level === "danger" ? "Danger: " : "Note: "), text),
    ),
  );
  return element("ul", { class: "warnings", "aria-label": "Warnings", tabindex: "0" }, ...items);
}
