import type { NearAction } from "../../../../clients/web/src/iframe/api.ts";
import { ACCOUNT } from "./scripted-wallet.ts";

/** A call whose method the wallet does not know. */
export const CALL: NearAction = {
  kind: "FunctionCall",
  methodName: "add_message",
  args: { json: { text: "hi" } },
  gas: "30000000000000",
  deposit: "0",
};

/** What applications ask to have relayed. */
export const BATCH = { accountId: ACCOUNT, receiverId: "guest-book.testnet", actions: [CALL] };
