import { element } from "./element.ts";
import type { Field } from "./field.ts";
import { run, Status } from "./status.ts";

export interface ActionFormOptions {
  readonly title: string;
  readonly text?: string;
  readonly fields: readonly Field[];
  readonly button: string;
  readonly pending: string;
  /** Gets the fields' values, all of which are right. */
  readonly act: (values: readonly string[], say: (text: string) => void) => Promise<string | Node>;
  /** Something that the action shows besides its status. */
  readonly extra?: HTMLElement;
}

/** A card in which a user fills in something and does it. */
export function actionForm({
  title,
  text,
  fields,
  button,
  pending,
  act,
  extra,
}: ActionFormOptions): HTMLElement {
  const submit = element("button", { type: "submit" }, button);
  const status = new Status();
  const form = element(
    "form",
    { class: "card", novalidate: true, "aria-label": title },
    element("h2", {}, title),
    text !== undefined && element("p", {}, text),
    ...fields.map((field) => field.element),
    element("div", { class: "row" }, submit),
    extra,
    status.element,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = fields.map((field) => field.checked());
    if (values.every((value) => value !== undefined)) {
      void run(submit, status, pending, (say) => act(values, say));
    }
  });
  return form;
}
