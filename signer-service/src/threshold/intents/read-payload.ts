import type { Intent } from "./intent.ts";
import { nearDelegate } from "./near-delegate.ts";
import { nearTransactions } from "./near-transactions.ts";
import { type Nep413Message, nep413Message } from "./nep413-message.ts";

/** What a wallet asks to have signed, by kind. */
export type Payload =
  | { readonly kind: "near transactions"; readonly transactions: readonly Uint8Array[] }
  | { readonly kind: "near delegate"; readonly delegateAction: Uint8Array }
  | { readonly kind: "nep-413 message"; readonly message: Nep413Message };

/** What the payload asks for: its digests are computed here and taken from nobody. Throws PAYLOAD_MALFORMED. */
export function readPayload(payload: Payload): Intent {
  switch (payload.kind) {
    case "near transactions":
      return nearTransactions(payload.transactions);
    case "near delegate":
      return nearDelegate(payload.delegateAction);
    case "nep-413 message":
      return nep413Message(payload.message);
  }
}
