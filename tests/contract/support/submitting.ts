import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  CreateAccountRequestSchema,
  SubmitDelegateRequestSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import {
  type Submission,
  type SubmissionState,
  SubmissionStateSchema,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect } from "vitest";
import { NETWORK, type TestRelay } from "../../support/test-relay.ts";
import { TestWallet } from "../../support/test-wallet.ts";
import { freshWallet } from "./fresh-wallet.ts";

/** Submits a delegate, by default of a wallet of its own, and waits until it is final. */
export async function submit(
  relay: TestRelay,
  request: MessageInitShape<typeof SubmitDelegateRequestSchema> = {},
  headers: Record<string, string> = {},
): Promise<Submission> {
  const signedDelegate = request.signedDelegate ?? (await freshWallet(relay).delegate());
  const { submission } = await relay.client.submitDelegate(
    { network: NETWORK, waitUntil: WaitUntil.FINAL, ...request, signedDelegate },
    { headers },
  );
  return submission ?? expect.fail("no submission");
}

/** Creates an account, by default with a key that nobody knows, and waits until it is final. */
export async function createAccount(
  relay: TestRelay,
  request: MessageInitShape<typeof CreateAccountRequestSchema>,
): Promise<Submission> {
  const { submission } = await relay.client.createAccount({
    network: NETWORK,
    waitUntil: WaitUntil.FINAL,
    publicKey: new TestWallet("key.test").publicKey,
    ...request,
  });
  return submission ?? expect.fail("no submission");
}

/** A submission as it stands now. */
export async function current({ client }: TestRelay, submissionId: string): Promise<Submission> {
  return (await client.getSubmission({ submissionId })).submission ?? expect.fail("no submission");
}

/** A state's name as the contract has it, without its prefix. */
const stateName = (state: SubmissionState) =>
  SubmissionStateSchema.value[state]?.name.replace(/^SUBMISSION_STATE_/, "");

/** Waits until a submission is in `state`, before each look doing what may bring it there. */
export async function reaches(
  relay: TestRelay,
  submissionId: string,
  state: SubmissionState,
  before: () => unknown = () => undefined,
): Promise<Submission> {
  const look = async () => {
    before();
    return stateName((await current(relay, submissionId)).state);
  };
  await expect.poll(look, { timeout: 20_000 }).toBe(stateName(state));
  return current(relay, submissionId);
}

/** Names of the states that a submission has been in. */
export const statesOf = ({ transitions }: Submission) => transitions.map(({ state }) => stateName(state));
