import type { ServiceImpl } from "@connectrpc/connect";
import type { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { checkDelegate } from "./check-delegate.ts";
import { createAccount } from "./create-account.ts";
import { getRelayInfo } from "./get-relay-info.ts";
import { getSubmission } from "./get-submission.ts";
import { getTransaction } from "./get-transaction.ts";
import { listSubmissions } from "./list-submissions.ts";
import type { RelayContext } from "./relay-context.ts";
import { submitDelegate } from "./submit-delegate.ts";
import { submitDelegates } from "./submit-delegates.ts";
import { watchSubmission } from "./watch-submission.ts";

/** countersign.relay.v1.RelayService, one file for each RPC. */
export function relayService(relay: RelayContext): ServiceImpl<typeof RelayService> {
  return {
    submitDelegate: submitDelegate(relay),
    submitDelegates: submitDelegates(relay),
    createAccount: createAccount(relay),
    getSubmission: getSubmission(relay),
    listSubmissions: listSubmissions(relay),
    watchSubmission: watchSubmission(relay),
    checkDelegate: checkDelegate(relay),
    getTransaction: getTransaction(relay),
    getRelayInfo: getRelayInfo(relay),
  };
}
