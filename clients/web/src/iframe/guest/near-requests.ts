import { base64Encode } from "@bufbuild/protobuf/wire";
import { ErrorReasonSchema } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type Submission,
  type SubmissionState,
  SubmissionStateSchema,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import type { Wallet } from "../../wallet/wallet.ts";
import type { NearSignedMessage, RelayOutcome } from "../api.ts";
import { batchWarnings } from "./batch-warnings.ts";
import { accountId, base64, invalid, list, record, text } from "./fields.ts";
import { recipientWarnings } from "./message-warnings.ts";
import { hiddenCharacterWarnings } from "./plain-text.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { readBatch } from "./read-batch.ts";
import { showBatch } from "./show-batch.ts";
import { inOrder } from "./warnings.ts";

/** What NEAR's requests are prepared with. */
export interface NearParts {
  readonly wallet: Pick<Wallet, "relay" | "signTransactions" | "signMessage">;
  readonly network: string;
}

const MAX_TRANSACTIONS = 16;
const MAX_MESSAGE = 65_536;
const NONCE_SIZE = 32;

/** Each throws REQUEST_INVALID for params that are not well-formed. */
export const nearRequests = {
  relay(params: unknown, { wallet, network }: NearParts): PreparedRequest {
    const of = record(params, "params", ["accountId", "receiverId", "actions"]);
    const account = accountId(of.accountId, "params.accountId");
    const batch = readBatch(of, "params");
    const shown = showBatch(batch);
    const warnings = inOrder([...batchWarnings([batch]), ...hiddenCharacterWarnings(shown)]);
    return {
      decoded: { kind: "near-relay", accountId: account, network, ...shown, warnings },
      async run({ signal, onRelaying }) {
        const onState = ({ id, state }: Submission) => onRelaying(id, stateName(state));
        return outcome(await wallet.relay({ accountId: account, ...batch, onState }, { signal }));
      },
    };
  },

  signNearTransactions(params: unknown, { wallet, network }: NearParts): PreparedRequest {
    const of = record(params, "params", ["accountId", "transactions"]);
    const account = accountId(of.accountId, "params.accountId");
    const where = "params.transactions";
    const transactions = list(of.transactions, where, 1, MAX_TRANSACTIONS).map((transaction, i) =>
      readBatch(record(transaction, `${where}[${i}]`, ["receiverId", "actions"]), `${where}[${i}]`),
    );
    const shown = transactions.map(showBatch);
    const warnings = inOrder([...batchWarnings(transactions), ...hiddenCharacterWarnings(shown)]);
    return {
      decoded: { kind: "near-transactions", accountId: account, network, transactions: shown, warnings },
      async run({ signal }) {
        const signed = await wallet.signTransactions({ accountId: account, transactions }, { signal });
        return signed.map((bytes) => base64Encode(bytes));
      },
    };
  },

  signNearMessage(params: unknown, { wallet }: NearParts, origin: string): PreparedRequest {
    const of = record(params, "params", ["accountId", "message", "nonce", "recipient"]);
    const account = accountId(of.accountId, "params.accountId");
    const nonce = base64(of.nonce, "params.nonce", NONCE_SIZE);
    if (nonce.length !== NONCE_SIZE) throw invalid("params.nonce", `has not ${NONCE_SIZE} bytes`);
    const message = {
      message: text(of.message, "params.message", MAX_MESSAGE),
      nonce,
      recipient: text(of.recipient, "params.recipient", 256),
    };
    const shown = { message: message.message, recipient: message.recipient, nonce: base64Encode(nonce) };
    const warnings = [...recipientWarnings(message.recipient, origin), ...hiddenCharacterWarnings(shown)];
    return {
      decoded: { kind: "near-message", accountId: account, ...shown, warnings: inOrder(warnings) },
      async run({ signal }): Promise<NearSignedMessage> {
        const signed = await wallet.signMessage({ accountId: account, message }, { signal });
        const { publicKey, signature } = signed;
        return { accountId: account, publicKey, signature: base64Encode(signature) };
      },
    };
  },
};

function outcome({ id, state, transaction, failure }: Submission): RelayOutcome {
  const reason = failure && ErrorReasonSchema.value[failure.reason]?.localName;
  return {
    submissionId: id,
    state: stateName(state),
    ...(transaction === undefined || transaction.hash === "" ? {} : { transactionHash: transaction.hash }),
    ...(failure === undefined
      ? {}
      : { failure: { reason: reason ?? "UNSPECIFIED", message: failure.message } }),
  };
}

function stateName(state: SubmissionState): string {
  return SubmissionStateSchema.value[state]?.localName ?? "UNSPECIFIED";
}
