import {
  type Submission,
  SubmissionState,
  type WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { drained } from "../relay/outcomes.ts";
import { relayClients } from "../relay/relay-clients.ts";
import { startStack } from "../relay/stack.ts";
import type { PreSigned } from "../relay/wallets.ts";
import { type Keystore, NETWORK } from "../shared/keystore.ts";
import { freshLedger } from "../shared/ledgers.ts";
import type { Answer, Contender, ContenderOptions } from "./contender.ts";

/** How long the relay may take to finish what it accepted. What is open then is counted as it stands. */
const SETTLE_MAX_MS = 60_000;
const MAX_IN_FLIGHT = 128;

export interface OurOptions extends ContenderOptions {
  /** The first of them are the relay's keys. */
  readonly keystore: Keystore;
  readonly keys: number;
  readonly waitUntil: WaitUntil;
}

/** This repository's relay and signer, as bench:relay runs them, on SQLite. */
export async function startOurs(options: OurOptions): Promise<Contender> {
  const { folder, waitUntil } = options;
  const ledger = await freshLedger("sqlite", folder);
  const stack = await startStack({
    folder,
    keystore: { ...options.keystore, keys: options.keystore.keys.slice(0, options.keys) },
    ledgerUrl: ledger.url,
    wallets: options.wallets,
    endpoints: options.endpoints,
    logLevel: options.logLevel,
    profileFolder: undefined,
  });
  const clients = relayClients(stack, MAX_IN_FLIGHT);
  let next = 0;
  const submit = async ({ signedDelegate }: PreSigned, signal: AbortSignal): Promise<Answer> => {
    const client = clients[next++ % clients.length];
    try {
      const answer = await client?.submitDelegate(
        { network: NETWORK, signedDelegate, waitUntil },
        { signal },
      );
      return answerOf(answer?.submission);
    } catch (error) {
      signal.throwIfAborted();
      return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
    }
  };
  return {
    admin: stack.admin,
    pids: () => Object.values(stack.pids),
    submit,
    settle: async () => {
      await drained(stack.operationsUrl, SETTLE_MAX_MS);
    },
    stop: () => stack.stop(),
  };
}

function answerOf(submission: Submission | undefined): Answer {
  switch (submission?.state) {
    case SubmissionState.INCLUDED:
    case SubmissionState.SUCCEEDED:
      return { kind: "succeeded" };
    case SubmissionState.FAILED:
    case SubmissionState.REJECTED:
    case SubmissionState.EXPIRED:
      return { kind: "failed", why: submission.failure?.message ?? "" };
    default:
      return { kind: "unknown" };
  }
}
