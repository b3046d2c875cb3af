import type { NonDelegateAction } from "@countersign/near";
import { isValidAccountId } from "@countersign/near";
import { nearAmount, nearText, shortened } from "../format.ts";
import { landed } from "../submission-error.ts";
import { actionForm } from "../ui/action-form.ts";
import { element } from "../ui/element.ts";
import { Field } from "../ui/field.ts";
import { SubmissionSteps } from "../ui/submission-steps.ts";
import { changed, type WalletApp } from "../wallet-app.ts";

/** What the guest book's method takes, and some. In gas. */
const GAS = 30_000_000_000_000n;
const MAX_MESSAGE = 280;

/** Sending NEAR, a call of a contract, and a signed message. */
export function nearForms(app: WalletApp, accountId: string): HTMLElement {
  return element(
    "div",
    { class: "stack" },
    transferForm(app, accountId),
    guestBookForm(app, accountId),
    messageForm(app, accountId),
  );
}

function transferForm(app: WalletApp, accountId: string): HTMLElement {
  const to = new Field({
    label: "To",
    hint: `A NEAR account, for example bob${app.config.accountSuffix}`,
    problem: (value) => (isValidAccountId(value) ? undefined : "This is no name of a NEAR account."),
  });
  const amount = new Field({
    label: "Amount",
    suffix: "NEAR",
    hint: "The relay pays for it, within the limits of its operator.",
    attributes: { inputmode: "decimal" },
    problem: (value) => (nearAmount(value) ? undefined : "Write an amount, for example 0.05."),
  });
  const steps = new SubmissionSteps();
  return actionForm({
    title: "Send NEAR",
    fields: [to, amount],
    button: "Send",
    pending: "Signing. Your passkey may be asked for…",
    extra: steps.element,
    act: async ([receiverId = "", text = ""], say) => {
      const deposit = nearAmount(text) ?? 0n;
      const hash = await relayed(app, { accountId, receiverId }, [{ kind: "Transfer", deposit }], steps, say);
      return `${nearText(deposit)} went to ${receiverId}, in transaction ${shortened(hash)}.`;
    },
  });
}

function guestBookForm(app: WalletApp, accountId: string): HTMLElement {
  const { guestBook } = app.config;
  const message = new Field({
    label: "Message",
    hint: `Everybody can read what is in ${guestBook}.`,
    attributes: { maxlength: String(MAX_MESSAGE), autocapitalize: "sentences" },
    problem: (value) => (value === "" ? "Write something." : undefined),
  });
  const steps = new SubmissionSteps();
  return actionForm({
    title: "Write into the guest book",
    text: "A call of a contract. The relay pays for its gas.",
    fields: [message],
    button: "Write",
    pending: "Signing. Your passkey may be asked for…",
    extra: steps.element,
    act: async ([text = ""], say) => {
      const args = new TextEncoder().encode(JSON.stringify({ text }));
      const call = { kind: "FunctionCall", methodName: "add_message", args, gas: GAS, deposit: 0n } as const;
      const hash = await relayed(app, { accountId, receiverId: guestBook }, [call], steps, say);
      return `It is in the guest book, with transaction ${shortened(hash)}.`;
    },
  });
}

function messageForm({ wallet }: WalletApp, accountId: string): HTMLElement {
  const message = new Field({
    label: "Message",
    hint: "Nothing of it goes to the chain.",
    attributes: { maxlength: "1000", autocapitalize: "sentences" },
    problem: (value) => (value === "" ? "Write something." : undefined),
  });
  return actionForm({
    title: "Sign a message",
    text: "Proves to somebody that you have this account (NEP-413).",
    fields: [message],
    button: "Sign",
    pending: "Signing. Your passkey may be asked for…",
    act: async ([text = ""]) => {
      const nonce = crypto.getRandomValues(new Uint8Array(32));
      const recipient = location.hostname;
      const signed = await wallet.signMessage({ accountId, message: { message: text, nonce, recipient } });
      return element(
        "span",
        {},
        "Signed. The signature: ",
        element("code", { class: "wrap" }, btoa(String.fromCharCode(...signed.signature))),
      );
    },
  });
}

/** The hash of the transaction that carried it. */
async function relayed(
  app: WalletApp,
  of: { readonly accountId: string; readonly receiverId: string },
  actions: readonly NonDelegateAction[],
  steps: SubmissionSteps,
  say: (text: string) => void,
): Promise<string> {
  steps.clear();
  const onState = (submission: Parameters<SubmissionSteps["show"]>[0]) => {
    say("The relay carries it to the chain…");
    steps.show(submission);
  };
  try {
    return landed(await app.wallet.relay({ ...of, actions, onState }));
  } finally {
    changed(app);
  }
}
