import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type GetTransactionRequest,
  type GetTransactionResponseSchema,
  TransactionStatus,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { isValidAccountId } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import { type Caller, callerOf } from "../access/caller.ts";
import type { Submission } from "../ledger/ledger.ts";
import { ChainError } from "../near/chain-error.ts";
import { type Outcome, readOutcome } from "../near/outcome.ts";
import type { TransactionView } from "../near/transactions.ts";
import { networkRefusal } from "../rules/network.ts";
import { whileChainAnswers } from "../tx/intake-errors.ts";
import { maySee } from "./get-submission.ts";
import type { RelayContext } from "./relay-context.ts";

type Answer = MessageInitShape<typeof GetTransactionResponseSchema>;

export function getTransaction({ network, ledger, transactions, relayers }: RelayContext) {
  return async (request: GetTransactionRequest, call: HandlerContext): Promise<Answer> => {
    const caller = callerOf(call.values);
    const refusal = networkRefusal(network, request.network);
    if (refusal !== undefined) throw new DomainError(refusal.reason, refusal.message);
    const found = await ledger.getByTransactionHash(caller.tenant, request.hash);
    const submission = found !== undefined && mayFind(caller, found) ? found : undefined;
    const signerId =
      request.signerId || submission?.transaction?.relayerId || (relayers()[0]?.accountId ?? "");
    if (!isValidAccountId(signerId)) throw notFound();
    const view = await whileChainAnswers(() => byHash(request.hash, signerId));
    if (view === undefined) throw notFound();
    return {
      transaction: transactionMessage(request.hash, signerId, view),
      submissionId: submission?.id ?? "",
    };
  };

  async function byHash(hash: string, signerId: string): Promise<TransactionView | undefined> {
    try {
      return await transactions.byHash(hash, signerId, "NONE");
    } catch (error) {
      if (error instanceof ChainError && error.kind === "unknown-transaction") return undefined;
      throw error;
    }
  }
}

/**
 * Hashes are public, and an id opens GetSubmission: from the one to the other gets an end user with its own submission,
 * and else who may list them all.
 */
function mayFind(caller: Caller, submission: Submission): boolean {
  return caller.endUser === null ? caller.scopes.has("list") : maySee(caller, submission);
}

function notFound(): DomainError {
  return new DomainError(ErrorReason.TRANSACTION_NOT_FOUND, "the chain does not know this transaction");
}

function transactionMessage(hash: string, signerId: string, view: TransactionView) {
  const actions = view.transaction?.actions ?? [];
  const isDelegate = actions.some((a) => typeof a === "object" && a !== null && "Delegate" in a);
  const outcome = readOutcome(view, isDelegate);
  return {
    hash,
    signerId: view.transaction?.signer_id ?? signerId,
    receiverId: view.transaction?.receiver_id ?? "",
    nonce: BigInt(view.transaction?.nonce ?? 0),
    status: statusOf(view, outcome),
    gasBurnt: outcome?.gasBurnt ?? 0n,
    tokensBurnt: (outcome?.tokensBurnt ?? 0n).toString(),
    chainError: outcome?.error === undefined ? "" : JSON.stringify(outcome.error).slice(0, 4096),
  };
}

function statusOf(view: TransactionView, outcome: Outcome | undefined): TransactionStatus {
  if (view.final_execution_status === "NONE") return TransactionStatus.PENDING;
  if (view.final_execution_status !== "FINAL" || outcome === undefined) return TransactionStatus.INCLUDED;
  return outcome.succeeded ? TransactionStatus.SUCCEEDED : TransactionStatus.FAILED;
}
