import { element } from "./element.ts";

/** The steps of something longer, and how far it is. */
export class Steps {
  readonly element: HTMLOListElement;
  readonly #steps: readonly HTMLLIElement[];

  constructor(names: readonly string[]) {
    this.#steps = names.map((name) => element("li", {}, name));
    this.element = element("ol", { class: "steps" }, ...this.#steps);
  }

  /** The step of this number, from 0, begins: those before are done. */
  begin(step: number): void {
    this.#mark((i) => (i < step ? "done" : i === step ? "current" : undefined));
  }

  done(): void {
    this.#mark(() => "done");
  }

  /** It goes on no more: what was current is not. */
  stop(): void {
    this.#mark((i) => (this.#steps[i]?.dataset.state === "done" ? "done" : undefined));
  }

  #mark(stateOf: (step: number) => string | undefined): void {
    for (const [i, step] of this.#steps.entries()) {
      const state = stateOf(i);
      if (state === undefined) delete step.dataset.state;
      else step.dataset.state = state;
      if (state === "current") step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
  }
}
