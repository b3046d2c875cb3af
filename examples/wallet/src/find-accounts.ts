import { SubmissionKind } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { SubmissionState } from "@countersign/web";
import type { WalletApp } from "./wallet-app.ts";

const MAX_PAGES = 5;

/** The accounts that the user who is signed in has created at this relay, the latest first. */
export async function findAccounts({ wallet }: WalletApp): Promise<readonly string[]> {
  const found = new Set<string>();
  let pageToken = "";
  for (let page = 0; page < MAX_PAGES; page++) {
    const { submissions, nextPageToken } = await wallet.relayClient.listSubmissions({
      pageSize: 200,
      pageToken,
      filter: { state: SubmissionState.SUCCEEDED },
    });
    for (const { kind, accountId } of submissions) {
      if (kind === SubmissionKind.CREATE_ACCOUNT) found.add(accountId);
    }
    if (nextPageToken === "") break;
    pageToken = nextPageToken;
  }
  return [...found];
}
