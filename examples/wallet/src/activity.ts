import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Submission, SubmissionKind } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { SubmissionState } from "@countersign/web";
import type { EvmClient } from "./evm-client.ts";
import { explain } from "./explain.ts";
import { coinText, shortened } from "./format.ts";
import { type EvmSent, evmSent } from "./local-store.ts";
import { landed } from "./submission-error.ts";
import type { WalletApp } from "./wallet-app.ts";

/** Something that the account did. */
export interface Activity {
  readonly title: string;
  readonly chain: string;
  readonly at: Date;
  readonly outcome: "done" | "pending" | "failed";
  /** Why it failed, in words. */
  readonly why?: string;
  readonly hash?: string;
}

/** A page of it, the latest first. */
export interface ActivityPage {
  readonly entries: readonly Activity[];
  /** For the next page; empty at the end. */
  readonly next: string;
}

/**
 * What the relay carried for the account, and, with the first page, what this browser sent to the EVM chain. A chain that does
 * not answer leaves its entries pending.
 */
export async function activityOf(app: WalletApp, accountId: string, pageToken = ""): Promise<ActivityPage> {
  const [{ submissions, nextPageToken }, sent] = await Promise.all([
    app.wallet.relayClient.listSubmissions({ pageSize: 20, pageToken, filter: { accountId } }),
    pageToken === "" && app.evm !== undefined ? sentOver(app.evm, accountId) : [],
  ]);
  const entries = [...submissions.map(ofSubmission), ...sent];
  entries.sort((a, b) => b.at.getTime() - a.at.getTime());
  return { entries, next: nextPageToken };
}

function ofSubmission(submission: Submission): Activity {
  const { kind, receiverId, transitions, transaction, state } = submission;
  const time = transitions[0]?.time;
  const title = kind === SubmissionKind.CREATE_ACCOUNT ? "Account created" : `To ${receiverId}`;
  return {
    title,
    chain: "NEAR",
    at: time === undefined ? new Date(0) : timestampDate(time),
    ...outcomeOf(submission, state),
    ...(transaction === undefined ? {} : { hash: transaction.hash }),
  };
}

const ENDS: readonly SubmissionState[] = [
  SubmissionState.SUCCEEDED,
  SubmissionState.FAILED,
  SubmissionState.REJECTED,
  SubmissionState.EXPIRED,
];

function outcomeOf(submission: Submission, state: SubmissionState): Pick<Activity, "outcome" | "why"> {
  if (!ENDS.includes(state)) return { outcome: "pending" };
  try {
    landed(submission);
    return { outcome: "done" };
  } catch (error) {
    return { outcome: "failed", why: explain(error).what };
  }
}

function sentOver(evm: EvmClient, accountId: string): Promise<Activity[]> {
  return Promise.all(
    evmSent(accountId).map(async (sent) => ({
      title: `${coinText(BigInt(sent.value), evm.config.symbol)} to ${shortened(sent.to)}`,
      chain: evm.config.name,
      at: new Date(sent.at),
      outcome: await minedAs(evm, sent),
      hash: sent.hash,
    })),
  );
}

async function minedAs(evm: EvmClient, { hash }: EvmSent): Promise<Activity["outcome"]> {
  try {
    const { status } = await evm.chain.getTransactionReceipt({ hash });
    return status === "success" ? "done" : "failed";
  } catch {
    // Not in a block yet, or the chain gives no answer.
    return "pending";
  }
}
