import { EmbeddedWalletError } from "@countersign/web/host";

/** What the page says of an error of the wallet, by its reason. */
const REASONS: Readonly<Record<string, string>> = {
  DECLINED: "You rejected it in the wallet. Nothing was sent.",
  NOT_CONNECTED: "The wallet is not connected to this page any more. Connect it again.",
  UNREACHABLE: "The wallet does not answer. Is it running, and does it let this page embed it?",
  VERSION_MISMATCH: "This page and the wallet do not understand each other. One of them needs an update.",
  TIMEOUT: "The wallet has gone quiet. Try again.",
  CLOSED: "The wallet was closed. Connect it again.",
  UNSUPPORTED: "The wallet cannot do this.",
  BUDGET_EXHAUSTED: "The relay's budget for today is used up. Try again tomorrow.",
  RATE_LIMITED: "That was too often. Wait a little.",
  THRESHOLD_KEY_NOT_FOUND: "The wallet has no key for this yet. Make one in the wallet first.",
};

/** In words for users; what nobody has words for is shown as it is. */
export function wordsFor(thrown: unknown): string {
  if (!(thrown instanceof EmbeddedWalletError)) return `That did not work: ${(thrown as Error).message}`;
  return REASONS[thrown.reason] ?? `The wallet could not do it: ${thrown.message} (${thrown.reason})`;
}

/** The element of an id. */
export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no #${id}`);
  return found as T;
}

export function say(status: HTMLElement, text: string, kind: "pending" | "done" | "failed"): void {
  status.dataset.kind = kind;
  status.textContent = text;
}

/** Runs what a button does, once at a time, with its state shown. */
export async function run(
  button: HTMLButtonElement,
  status: HTMLElement,
  act: (say: (text: string) => void) => Promise<string>,
): Promise<void> {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const pending = (text: string) => say(status, text, "pending");
  pending("One moment…");
  try {
    say(status, await act(pending), "done");
  } catch (error) {
    say(status, wordsFor(error), "failed");
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
