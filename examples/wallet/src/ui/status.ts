import { type Explanation, explain } from "../explain.ts";
import { element, fill } from "./element.ts";
import { icon } from "./icon.ts";

/** Where an action says how it stands. It has its place from the beginning, so that nothing moves. */
export class Status {
  readonly element: HTMLElement = element("div", { class: "status", role: "status", "aria-live": "polite" });

  pending(text: string): void {
    this.#show("pending", element("span", { class: "spinner", "aria-hidden": "true" }), text);
  }

  done(...content: (Node | string)[]): void {
    this.#show("done", icon("check"), element("span", {}, ...content));
  }

  failed(thrown: unknown): void {
    this.explained(explain(thrown));
  }

  explained({ what, next, detail }: Explanation): void {
    this.#show(
      "failed",
      icon("alert"),
      element("div", {}, element("strong", {}, what), " ", next, detail && element("small", {}, detail)),
    );
  }

  clear(): void {
    this.element.removeAttribute("data-kind");
    fill(this.element);
  }

  #show(kind: string, ...content: (Node | string)[]): void {
    this.element.dataset.kind = kind;
    fill(this.element, ...content);
  }
}

/** Does it; `say` tells how far it is, and what it gives is shown at the end. */
type Act = (say: (text: string) => void) => Promise<string | Node>;

/** Runs an action of a button: one at a time, with its state shown, and focus kept where it was. */
export async function run(
  button: HTMLButtonElement,
  status: Status,
  pending: string,
  act: Act,
): Promise<void> {
  if (button.getAttribute("aria-disabled") === "true") return;
  // Not `disabled`, which would take the keyboard's focus away.
  button.setAttribute("aria-disabled", "true");
  status.pending(pending);
  try {
    status.done(await act((text) => status.pending(text)));
  } catch (error) {
    status.failed(error);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
