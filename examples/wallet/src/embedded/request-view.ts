import type { DecodedAction, DecodedArgs, DecodedBatch, DecodedRequest, Json } from "@countersign/web/guest";
import { element } from "../ui/element.ts";
import type { EvmConfig } from "../wallet-config.ts";

type Row = readonly [name: string, value: string | Node];

/** What is asked, field by field; chains that are not the wallet's own have a number and no name. All texts are an application's: they are shown as text, and wrapped. */
export function requestView(request: DecodedRequest, evm: EvmConfig | undefined): HTMLElement {
  const own: Row = ["Account", request.accountId];
  switch (request.kind) {
    case "near-relay":
      return element(
        "div",
        { class: "request" },
        rows([own, ["Network", request.network], ["Who pays", "The relay"]]),
        batchView(request),
      );
    case "near-transactions":
      return element(
        "div",
        { class: "request" },
        rows([own, ["Network", request.network], ["Who pays", "Your account"]]),
        ...request.transactions.map(batchView),
      );
    case "near-message":
      return element(
        "div",
        { class: "request" },
        rows([own, ["For", request.recipient]]),
        quoted(request.message),
      );
    case "evm-transaction": {
      const isKnown = request.chainId === evm?.chainId;
      const coin = isKnown ? evm?.symbol : "of the chain's coin";
      return element(
        "div",
        { class: "request" },
        rows([
          ["Address", request.address],
          ["Chain", isKnown ? `${evm?.name} (${request.chainId})` : String(request.chainId)],
          ["To", request.to ?? "A new contract"],
          ["Amount", `${request.value} ${coin}`],
          ["Gas, at most", `${request.maxFee} ${coin}`],
          ["Nonce", String(request.nonce)],
          ...callRows(request),
          ...(request.accessList === undefined
            ? []
            : [["Access list", quoted(jsonText(request.accessList))] as const]),
        ]),
      );
    }
    case "evm-message":
      return element(
        "div",
        { class: "request" },
        rows([["Address", request.address]]),
        quoted(typeof request.message === "string" ? request.message : request.message.raw),
      );
    case "evm-typed-data":
      return element(
        "div",
        { class: "request" },
        rows([
          ["Address", request.address],
          ["What", request.primaryType],
        ]),
        element("h2", {}, "For"),
        quoted(jsonText(request.domain)),
        element("h2", {}, "Content"),
        quoted(jsonText(request.message)),
      );
  }
}

function callRows({ call, data, selector }: DecodedRequest & { readonly kind: "evm-transaction" }): Row[] {
  if (call !== undefined) {
    return [["Call", call.signature], ...call.args.map(({ name, value }): Row => [name, value])];
  }
  if (data === "0x") return [];
  return [
    ["Call", selector ?? "unknown"],
    ["Data", quoted(data)],
  ];
}

function batchView({ receiverId, actions }: DecodedBatch): HTMLElement {
  const items = actions.map((action) => element("li", {}, rows(actionRows(action))));
  return element(
    "section",
    { class: "batch" },
    element("h2", {}, "To ", element("span", { class: "wrap" }, receiverId)),
    element("ol", { class: "actions" }, ...items),
  );
}

function actionRows(action: DecodedAction): Row[] {
  switch (action.kind) {
    case "CreateAccount":
      return [["Action", "Creates the account"]];
    case "DeployContract":
      return [
        ["Action", `Deploys code of ${action.bytes} bytes`],
        ["Its SHA-256", action.sha256],
      ];
    case "FunctionCall":
      return [
        ["Call", action.methodName],
        ["With", quoted(argsText(action.args))],
        ...(action.deposit === "0" ? [] : [["Amount", `${action.deposit} NEAR`] as const]),
        ["Gas, at most", `${action.gas} Tgas`],
      ];
    case "Transfer":
      return [
        ["Action", "Sends"],
        ["Amount", `${action.deposit} NEAR`],
      ];
    case "Stake":
      return [
        ["Action", "Stakes"],
        ["Amount", `${action.stake} NEAR`],
        ["Validator key", action.publicKey],
      ];
    case "AddKey":
      return [
        ["Action", "Adds a key to your account"],
        ["Key", action.publicKey],
        [
          "It may",
          action.permission.kind === "FullAccess" ? "do everything" : quoted(jsonText(action.permission)),
        ],
      ];
    case "DeleteKey":
      return [
        ["Action", "Removes a key from your account"],
        ["Key", action.publicKey],
      ];
    case "DeleteAccount":
      return [
        ["Action", "Deletes your account"],
        ["The rest goes to", action.beneficiaryId],
      ];
  }
}

function argsText(args: DecodedArgs): string {
  if ("json" in args) return jsonText(args.json);
  return "text" in args ? args.text : args.hex;
}

function jsonText(value: Json | object): string {
  return JSON.stringify(value, undefined, 2);
}

function rows(list: readonly Row[]): HTMLElement {
  return element(
    "dl",
    {},
    ...list.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
}

/** In a box of its own, which is as long as the text. */
function quoted(text: string): HTMLElement {
  return element("pre", {}, text);
}
