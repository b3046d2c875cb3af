import { element, fill } from "../ui/element.ts";
import { type IconName, icon } from "../ui/icon.ts";

export interface View {
  readonly name: string;
  readonly icon: IconName;
  readonly show: () => HTMLElement;
}

export interface ShellOptions {
  readonly accountId: string;
  readonly views: readonly View[];
  /** Beside the navigation, or below the content on small screens. */
  readonly aside: HTMLElement;
}

/** The page of whoever is signed in: navigation, and one view at a time. */
export class Shell {
  readonly element: HTMLElement;
  readonly #main = element("main", { tabindex: "-1" });
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #views: readonly View[];

  constructor({ accountId, views, aside }: ShellOptions) {
    this.#views = views;
    this.#buttons = views.map((view) => {
      const button = element("button", { type: "button" }, icon(view.icon), element("span", {}, view.name));
      button.addEventListener("click", () => this.show(view.name));
      return button;
    });
    this.element = element(
      "div",
      { class: "shell" },
      element(
        "header",
        {},
        element("h1", {}, element("span", { class: "mark", "aria-hidden": "true" }, icon("check")), "Wallet"),
        element("p", { class: "account", id: "account" }, accountId),
      ),
      element("nav", { "aria-label": "Wallet" }, ...this.#buttons),
      element("aside", { "aria-label": "Relays" }, aside),
      this.#main,
    );
  }

  /** Shows a view anew, with more above it, if there is something to be said first. */
  show(name: string, ...above: HTMLElement[]): void {
    const view = this.#views.find((one) => one.name === name) ?? this.#views[0];
    if (view === undefined) return;
    for (const [i, button] of this.#buttons.entries()) {
      if (this.#views[i] === view) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
    const title = element("h2", { class: "view-title", tabindex: "-1" }, view.name);
    fill(this.#main, title, ...above, view.show());
    scrollTo({ top: 0 });
    title.focus({ preventScroll: true });
  }
}
