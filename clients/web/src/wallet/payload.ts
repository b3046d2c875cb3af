import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Ed25519PayloadSchema } from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import {
  type DelegateAction,
  delegateHash,
  encodeDelegateAction,
  encodeTransaction,
  nep413Hash,
  type Transaction,
  transactionHash,
} from "@countersign/near";

/** A message off the chain (NEP-413). */
export type OffChainMessage = Parameters<typeof nep413Hash>[0];

/** What a key may sign. */
export type SigningPayload =
  /** 1 to 16 transactions of the key's account; a signature each. */
  | { readonly kind: "transactions"; readonly transactions: readonly Transaction[] }
  /** What a relayer pays for (NEP-366). */
  | { readonly kind: "delegate"; readonly delegate: DelegateAction }
  | { readonly kind: "message"; readonly message: OffChainMessage };

/** The payload as it is sent, and the digests that this side signs: 32 bytes each. */
export interface PreparedPayload {
  readonly payload: MessageInitShape<typeof Ed25519PayloadSchema>;
  readonly digests: readonly Uint8Array[];
}

/** The signer computes its own digests of the same bytes; neither side takes the other's. Throws BorshError. */
export function preparePayload(of: SigningPayload): PreparedPayload {
  switch (of.kind) {
    case "transactions": {
      const transactions = of.transactions.map(encodeTransaction);
      return {
        payload: { payload: { case: "nearTransactions", value: { transactions } } },
        digests: transactions.map(transactionHash),
      };
    }
    case "delegate": {
      const delegateAction = encodeDelegateAction(of.delegate);
      return {
        payload: { payload: { case: "nearDelegate", value: { delegateAction } } },
        digests: [delegateHash(of.delegate)],
      };
    }
    case "message": {
      const { message, nonce, recipient, callbackUrl } = of.message;
      const value = { message, nonce, recipient, ...(callbackUrl === undefined ? {} : { callbackUrl }) };
      return {
        payload: { payload: { case: "nep413Message", value } },
        digests: [nep413Hash(of.message)],
      };
    }
  }
}
