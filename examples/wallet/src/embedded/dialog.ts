import { armWhenVisible } from "@countersign/web/guest";
import { element } from "../ui/element.ts";
import type { Question } from "./run-embedded.ts";

export interface DialogOptions<T> {
  readonly title: string;
  /** Who asks: shown first, as the browser says it. */
  readonly origin: string;
  /** Stays in view, whatever is scrolled. */
  readonly warnings?: HTMLElement | undefined;
  /** Scrolls where it is longer than the frame. */
  readonly content: readonly Node[];
  /** The button that agrees. */
  readonly agree: { readonly label: string; readonly isDanger?: boolean };
  /** What agreeing answers, which may take a while and fail; undefined to stay. */
  readonly agreed: (button: HTMLButtonElement) => Promise<T | undefined>;
  readonly rejected: T;
  /** Aborts when the application gives up. */
  readonly signal: AbortSignal;
}

let count = 0;

/**
 * A question to the user. The focus is on its title first, so that screen readers begin there and no key agrees by accident;
 * Escape rejects; Tab stays inside. Who asks, the warnings and the buttons are always in view: agreeing takes that all was seen.
 */
export function dialog<T>(options: DialogOptions<T>): Question<T> {
  const { title, origin, warnings, content, agree, agreed, rejected, signal } = options;
  const { promise, resolve } = Promise.withResolvers<T>();
  count += 1;
  const id = `dialog-${count}`;
  const heading = element("h1", { id, tabindex: "-1" }, title);
  const reject = element("button", { type: "button", class: "quiet" }, "Reject");
  const approve = element(
    "button",
    { type: "button", class: agree.isDanger ? "danger" : undefined },
    agree.label,
  );
  const asker = element(
    "p",
    { class: "origin" },
    element("span", {}, "Asked by "),
    element("strong", {}, origin),
  );
  const question = element("div", { class: "question", tabindex: "0" }, ...content);
  const box = element(
    "div",
    { role: "dialog", "aria-modal": "true", "aria-labelledby": id, class: "dialog" },
    asker,
    heading,
    warnings,
    question,
    element("p", { class: "hint unseen" }, "You can go on once you have seen all of it."),
    element("div", { class: "row answers" }, reject, approve),
  );

  const disarm = armWhenVisible(approve, {
    with: [asker, heading, ...(warnings === undefined ? [] : [warnings]), question],
  });
  const unfocus = focusWhenShown(heading, box);
  const end = (answer: T) => {
    disarm();
    unfocus();
    resolve(answer);
  };
  signal.addEventListener("abort", () => end(rejected), { once: true });
  reject.addEventListener("click", () => end(rejected));
  approve.addEventListener("click", async () => {
    const answer = await agreed(approve);
    if (answer !== undefined) end(answer);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end(rejected);
    if (event.key === "Tab") keepInside(box, event);
  });
  return { element: box, answer: promise };
}

/**
 * Gives the heading the focus as soon as there is one to be had: the frame is shown by the application, and is focused, at some
 * time after the question is in it. Gives a function that ends this.
 */
function focusWhenShown(heading: HTMLElement, box: HTMLElement): () => void {
  const focus = () => {
    if (!box.contains(document.activeElement)) heading.focus();
  };
  const observer = new IntersectionObserver(focus);
  observer.observe(heading);
  addEventListener("focus", focus);
  return () => {
    observer.disconnect();
    removeEventListener("focus", focus);
  };
}

function keepInside(box: HTMLElement, event: KeyboardEvent): void {
  const stops = [
    ...box.querySelectorAll<HTMLElement>("button:not(:disabled), input, summary, [tabindex='0']"),
  ];
  const [first, last] = [stops[0], stops.at(-1)];
  const from = document.activeElement;
  const isAtEnd = event.shiftKey ? from === first || !stops.includes(from as HTMLElement) : from === last;
  if (!isAtEnd) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}
