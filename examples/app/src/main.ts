// A guest book, into which people write with a wallet of another origin that this page embeds.
import {
  type ConnectedAccount,
  connectWallet,
  type EmbeddedCall,
  type EmbeddedWallet,
} from "@countersign/web/host";
import type { AppConfig } from "./app-config.ts";
import { readGuestBook } from "./guest-book.ts";
import { byId, run, say, wordsFor } from "./page.ts";
import { payCoffee } from "./payment.ts";

interface Connection {
  readonly wallet: EmbeddedWallet;
  readonly account: ConnectedAccount;
}

const GAS = "30000000000000";
const config: AppConfig = await (await fetch("./config.json")).json();
const nearUrl = new URL(config.nearUrl, location.href).href;
const connectButton = byId<HTMLButtonElement>("connect");
const disconnectButton = byId<HTMLButtonElement>("disconnect");
const connectStatus = byId("connect-status");
let connection: Connection | undefined;

/** The wallet, which is connected first where it is not. */
async function connected(pending: (text: string) => void): Promise<Connection> {
  if (connection !== undefined) return connection;
  pending("Opening the wallet…");
  const wallet = await connectWallet({ url: config.walletUrl, title: "Your wallet" });
  try {
    pending("The wallet asks you.");
    const [account] = await wallet.connect();
    if (account === undefined) throw new Error("the wallet named no account");
    connection = { wallet, account };
  } catch (error) {
    wallet.close();
    throw error;
  }
  void wallet.closed.then((why) => {
    if (connection?.wallet !== wallet) return;
    connection = undefined;
    show();
    say(connectStatus, wordsFor(why), "failed");
  });
  show();
  return connection;
}

function show(): void {
  const account = connection?.account;
  byId("connected").textContent = account?.accountId ?? "No wallet is connected.";
  connectButton.hidden = account !== undefined;
  disconnectButton.hidden = account === undefined;
  byId("evm-pay").hidden = config.evm === undefined || account?.evmAddress === undefined;
}

connectButton.addEventListener("click", () =>
  run(connectButton, connectStatus, async (pending) => {
    const { account } = await connected(pending);
    return `Connected with ${account.accountId}.`;
  }),
);

disconnectButton.addEventListener("click", () =>
  run(disconnectButton, connectStatus, async () => {
    const wallet = connection?.wallet;
    connection = undefined;
    await wallet?.disconnect();
    wallet?.close();
    show();
    return "Disconnected. The wallet has forgotten this page.";
  }),
);

const form = byId<HTMLFormElement>("write");
const text = byId<HTMLTextAreaElement>("text");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [button, status] = [form.querySelector("button"), form.querySelector<HTMLElement>(".status")];
  if (button === null || status === null) return;
  const message = text.value.trim();
  if (message === "") {
    say(status, "Write something first.", "failed");
    text.focus();
    return;
  }
  void run(button, status, async (pending) => {
    const outcome = await write(message, pending);
    text.value = "";
    await showMessages();
    return outcome;
  });
});

/** Shows how far the wallet is with a request. */
function told(pending: (text: string) => void): EmbeddedCall {
  return {
    onProgress(progress) {
      if (progress.stage === "queued") pending("The wallet asks about something else first.");
      if (progress.stage === "confirming") pending("Look at it in the wallet.");
      if (progress.stage === "signing") pending("The wallet signs…");
      if (progress.stage === "relaying") pending(`On its way: ${progress.state.toLowerCase()}…`);
    },
  };
}

async function write(message: string, pending: (text: string) => void): Promise<string> {
  const { wallet, account } = await connected(pending);
  const outcome = await wallet.relay(
    {
      accountId: account.accountId,
      receiverId: config.guestBook,
      actions: [
        {
          kind: "FunctionCall",
          methodName: "add_message",
          args: { json: { text: message } },
          gas: GAS,
          deposit: "0",
        },
      ],
    },
    told(pending),
  );
  if (outcome.state !== "SUCCEEDED") {
    throw new Error(outcome.failure?.message ?? `it ended with ${outcome.state}`);
  }
  return `Written, with transaction ${outcome.transactionHash ?? ""}.`;
}

const signStatus = byId("sign-status");
const signButton = byId<HTMLButtonElement>("sign");
signButton.addEventListener("click", () =>
  run(signButton, signStatus, async (pending) => {
    const { wallet, account } = await connected(pending);
    const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
    const signed = await wallet.signNearMessage(
      {
        accountId: account.accountId,
        message: "I sign in to the guest book.",
        nonce,
        recipient: location.hostname,
      },
      told(pending),
    );
    return `Signed with ${signed.publicKey}: ${signed.signature}`;
  }),
);

const evmSignButton = byId<HTMLButtonElement>("evm-sign");
evmSignButton.addEventListener("click", () =>
  run(evmSignButton, signStatus, async (pending) => {
    const { wallet, account } = await connected(pending);
    const request = { accountId: account.accountId, message: "I sign in to the guest book." };
    return `Signed: ${await wallet.signEvmMessage(request, told(pending))}`;
  }),
);

const payButton = byId<HTMLButtonElement>("evm-pay");
payButton.addEventListener("click", () =>
  run(payButton, signStatus, async (pending) => {
    const { wallet, account } = await connected(pending);
    const { accountId, evmAddress } = account;
    if (config.evm === undefined || evmAddress === undefined) throw new Error("the wallet has no address");
    const hash = await payCoffee(wallet, { accountId, evmAddress }, config.evm, told(pending));
    return `Paid, with transaction ${hash}.`;
  }),
);

async function showMessages(): Promise<void> {
  const list = byId("messages");
  try {
    const messages = await readGuestBook(nearUrl, config.guestBook);
    list.replaceChildren(...messages.map(({ sender, text }) => messageItem(sender, text)));
    if (messages.length === 0) list.replaceChildren(messageItem("Nobody yet", "The page is empty."));
  } catch (error) {
    list.replaceChildren(messageItem("The guest book cannot be read", (error as Error).message));
  }
}

function messageItem(sender: string, text: string): HTMLLIElement {
  const item = document.createElement("li");
  const by = document.createElement("small");
  by.textContent = sender;
  item.append(text, by);
  return item;
}

show();
await showMessages();
