import type { EvmAuthorization } from "@countersign/evm";
import { evmAuthorization, evmMessage, evmTransactions, evmTypedData, rawDigest } from "./evm-payloads.ts";
import type { Intent } from "./intent.ts";
import { nearDelegate } from "./near-delegate.ts";
import { nearTransactions } from "./near-transactions.ts";
import { type Nep413Message, nep413Message } from "./nep413-message.ts";

/** What a wallet asks to have signed, by kind. */
export type Payload =
  | { readonly kind: "near transactions"; readonly transactions: readonly Uint8Array[] }
  | { readonly kind: "near delegate"; readonly delegateAction: Uint8Array }
  | { readonly kind: "nep-413 message"; readonly message: Nep413Message }
  | { readonly kind: "evm transactions"; readonly transactions: readonly Uint8Array[] }
  | { readonly kind: "evm message"; readonly message: Uint8Array }
  | { readonly kind: "evm typed data"; readonly json: string }
  | { readonly kind: "evm authorization"; readonly authorization: EvmAuthorization }
  | { readonly kind: "raw digest"; readonly digest: Uint8Array };

/** What the payload asks for: its digests are computed here and taken from nobody. Throws PAYLOAD_MALFORMED. */
export function readPayload(payload: Payload): Intent {
  switch (payload.kind) {
    case "near transactions":
      return nearTransactions(payload.transactions);
    case "near delegate":
      return nearDelegate(payload.delegateAction);
    case "nep-413 message":
      return nep413Message(payload.message);
    case "evm transactions":
      return evmTransactions(payload.transactions);
    case "evm message":
      return evmMessage(payload.message);
    case "evm typed data":
      return evmTypedData(payload.json);
    case "evm authorization":
      return evmAuthorization(payload.authorization);
    case "raw digest":
      return rawDigest(payload.digest);
  }
}
