import { type Address, getAddress, isAddress } from "viem";
import type { EvmClient } from "../evm-client.ts";
import { coinAmount, coinText, shortened } from "../format.ts";
import { rememberSent } from "../local-store.ts";
import { actionForm } from "../ui/action-form.ts";
import { element, fill } from "../ui/element.ts";
import { Field } from "../ui/field.ts";
import { run, Status } from "../ui/status.ts";
import { changed, type WalletApp } from "../wallet-app.ts";

/** The account's address on an EVM chain: made at the first visit, then its balance, and what it can do. */
export function evmForms(app: WalletApp, evm: EvmClient, accountId: string): HTMLElement {
  const box = element("div", { class: "stack" });
  const show = () => {
    const address = app.wallet.evm.account(accountId)?.address;
    if (address === undefined) fill(box, createCard(app, evm, accountId, show));
    else
      fill(box, addressCard(app, evm, address), sendForm(app, evm, accountId), messageForm(app, accountId));
  };
  show();
  return box;
}

function createCard(app: WalletApp, evm: EvmClient, accountId: string, created: () => void): HTMLElement {
  const status = new Status();
  const button = element("button", { type: "button" }, "Make my address");
  button.addEventListener("click", () =>
    run(button, status, "Your passkey makes the key, together with the signer…", async () => {
      const { account } = await app.wallet.evm.bootstrap({ accountId });
      changed(app);
      created();
      return `Your address is ${account.address}.`;
    }),
  );
  return element(
    "section",
    { class: "card" },
    element("h2", {}, `An address on ${evm.config.name}`),
    element("p", {}, "Made of the same passkey. You are asked to confirm twice."),
    element("div", { class: "row" }, button),
    status.element,
  );
}

function addressCard(app: WalletApp, evm: EvmClient, address: Address): HTMLElement {
  const { symbol, faucetUrl, name } = evm.config;
  const status = new Status();
  const balance = element("p", { class: "amount" }, "…");
  const read = async () => {
    try {
      balance.textContent = coinText(await evm.chain.getBalance({ address }), symbol);
    } catch (error) {
      balance.textContent = "—";
      status.failed(error);
    }
  };
  void read();
  const again = () => (balance.isConnected ? void read() : app.changes.removeEventListener("change", again));
  app.changes.addEventListener("change", again);

  const copy = element("button", { type: "button", class: "quiet" }, "Copy address");
  copy.addEventListener("click", () =>
    run(copy, status, "Copying…", async () => {
      await navigator.clipboard.writeText(address);
      return "Copied.";
    }),
  );
  return element(
    "section",
    { class: "card", "aria-labelledby": "evm-title" },
    element("h2", { id: "evm-title" }, `Your address on ${name}`),
    element("code", { class: "wrap", id: "evm-address" }, address),
    balance,
    element(
      "div",
      { class: "row" },
      copy,
      faucetUrl !== undefined && faucetButton(app, faucetUrl, address, symbol, status),
    ),
    status.element,
  );
}

/** Only where the configuration has a faucet: on test chains. */
function faucetButton(
  app: WalletApp,
  faucetUrl: string,
  address: Address,
  symbol: string,
  status: Status,
): HTMLElement {
  const button = element("button", { type: "button", class: "quiet" }, `Get test ${symbol}`);
  button.addEventListener("click", () =>
    run(button, status, "Asking the faucet…", async () => {
      const response = await fetch(faucetUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ address }),
      });
      if (!response.ok) throw new Error(`the faucet answered with ${response.status}`);
      changed(app);
      return "There you are.";
    }),
  );
  return button;
}

function sendForm(app: WalletApp, evm: EvmClient, accountId: string): HTMLElement {
  const { symbol } = evm.config;
  const to = new Field({
    label: "To",
    hint: "An address: 0x and 40 digits.",
    problem: (value) =>
      isAddress(value) ? undefined : "This is no address, or a letter of it is not what it should be.",
  });
  const amount = new Field({
    label: "Amount",
    suffix: symbol,
    hint: "Your address pays for it, and for the gas.",
    attributes: { inputmode: "decimal" },
    problem: (value) => (coinAmount(value) ? undefined : "Write an amount, for example 0.1."),
  });
  return actionForm({
    title: `Send ${symbol}`,
    fields: [to, amount],
    button: "Send",
    pending: "Signing. Your passkey may be asked for…",
    act: async ([recipient = "", text = ""], say) => {
      const account = app.wallet.evm.account(accountId);
      if (account === undefined) throw new Error("there is no address");
      const value = coinAmount(text) ?? 0n;
      const address = getAddress(recipient);
      const hash = await evm.send(account, address, value);
      rememberSent(accountId, { hash, to: address, value: value.toString(), at: Date.now() });
      say("Sent. Waiting for a block…");
      const { status } = await evm.chain.waitForTransactionReceipt({ hash });
      changed(app);
      if (status !== "success") throw new Error(`the chain reverted transaction ${hash}`);
      return `${coinText(value, symbol)} went to ${shortened(address)}, in transaction ${shortened(hash)}.`;
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
    text: "Proves to somebody that you have this address (ERC-191).",
    fields: [message],
    button: "Sign",
    pending: "Signing. Your passkey may be asked for…",
    act: async ([text = ""]) => {
      const account = wallet.evm.account(accountId);
      if (account === undefined) throw new Error("there is no address");
      const signature = await account.signMessage({ message: text });
      return element("span", {}, "Signed. The signature: ", element("code", { class: "wrap" }, signature));
    },
  });
}
