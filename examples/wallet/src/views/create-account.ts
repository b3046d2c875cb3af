import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { WaitUntil } from "@countersign/web";
import { nameProblem } from "../account-name.ts";
import { lastAccount } from "../local-store.ts";
import { landed, SubmissionError } from "../submission-error.ts";
import { actionForm } from "../ui/action-form.ts";
import { element } from "../ui/element.ts";
import { Field } from "../ui/field.ts";
import { Steps } from "../ui/steps.ts";
import type { WalletApp } from "../wallet-app.ts";

/** A passkey, a key and an account on the chain. What was done already is not done again when it is repeated. */
export function createAccountForm(app: WalletApp, created: (accountId: string) => void): HTMLElement {
  const { config, wallet, near } = app;
  const { network, accountSuffix } = config;
  const name = new Field({
    label: "Account name",
    hint: "Everybody can see it on the chain.",
    suffix: accountSuffix,
    attributes: { maxlength: "60", autocomplete: "username", name: "account" },
    problem: (value) => nameProblem(value, accountSuffix),
  });
  const steps = new Steps(["Passkey", "Key", "Account on NEAR"]);

  async function create(accountId: string, say: (text: string) => void): Promise<string> {
    say("Looking whether the name is free…");
    if ((await near.balance(accountId)) !== undefined) {
      name.refuse("This name is taken.");
      throw new SubmissionError(ErrorReason.ACCOUNT_EXISTS, accountId);
    }
    steps.begin(0);
    say("Your device asks for a new passkey…");
    if (wallet.user === undefined) await wallet.register({ userName: accountId, accountId });
    steps.begin(1);
    say("Your passkey makes the key, together with the signer…");
    const { keyId } = await wallet.createKey({ accountId });
    steps.begin(2);
    say("The relay creates the account, and pays for it…");
    const { submission } = await wallet.relayClient.createAccount({
      ...{ network, accountId, publicKey: keyId },
      waitUntil: WaitUntil.FINAL,
    });
    if (submission === undefined) throw new Error("the relay answered without a submission");
    landed(submission);
    steps.done();
    lastAccount.set(accountId);
    created(accountId);
    return `${accountId} is yours.`;
  }

  return actionForm({
    title: "Create an account",
    text: "A passkey of this device opens it. There is no password and no phrase to write down.",
    fields: [name],
    button: "Create account",
    pending: "One moment…",
    extra: element("div", {}, steps.element),
    act: async ([value = ""], say) => {
      try {
        return await create(value + accountSuffix, say);
      } catch (error) {
        steps.stop();
        throw error;
      }
    },
  });
}
