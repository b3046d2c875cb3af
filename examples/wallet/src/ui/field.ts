import { element } from "./element.ts";

export interface FieldOptions {
  readonly label: string;
  readonly hint?: string;
  /** Shown after the input, for example ".wallet.testnet". */
  readonly suffix?: string;
  readonly attributes?: Readonly<Record<string, string | boolean>>;
  /** What is wrong with a value; undefined when nothing is. */
  readonly problem?: (value: string) => string | undefined;
}

let count = 0;

/** An input with its label, a hint, and a place for what is wrong with it. */
export class Field {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #message: HTMLElement;
  readonly #hint: string;
  readonly #problem: FieldOptions["problem"];

  constructor({ label, hint = "", suffix, attributes = {}, problem }: FieldOptions) {
    count += 1;
    const id = `field-${count}`;
    this.#hint = hint;
    this.#problem = problem;
    this.#message = element("p", { id: `${id}-hint`, class: "hint", "aria-live": "polite" }, hint);
    this.input = element("input", {
      id,
      type: "text",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-describedby": `${id}-hint`,
      ...attributes,
    });
    const row = element("div", { class: "input" }, this.input, suffix && element("span", {}, suffix));
    this.element = element(
      "div",
      { class: "field" },
      element("label", { for: id }, label),
      row,
      this.#message,
    );
    this.input.addEventListener("input", () => this.#say(undefined));
  }

  get value(): string {
    return this.input.value.trim();
  }

  /** The value; undefined when something is wrong with it, which is shown then. */
  checked(): string | undefined {
    const problem = this.#problem?.(this.value);
    this.#say(problem);
    if (problem === undefined) return this.value;
    this.input.focus();
    return undefined;
  }

  /** Says what is wrong with the value. */
  refuse(problem: string): void {
    this.#say(problem);
    this.input.focus();
  }

  #say(problem: string | undefined): void {
    this.#message.textContent = problem ?? this.#hint;
    this.#message.classList.toggle("problem", problem !== undefined);
    if (problem === undefined) this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }
}
