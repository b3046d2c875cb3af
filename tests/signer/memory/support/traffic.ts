import { create } from "@bufbuild/protobuf";
import { CreateAccountRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { KeyPair } from "near-api-js";
import { expect } from "vitest";
import { submitSurely } from "../../../support/submitting.ts";
import { NETWORK, RELAYER, relayClient } from "../../../support/test-relay.ts";
import type { TestWallet } from "../../../support/test-wallet.ts";
import type { Program } from "./program.ts";

/** What wallets do with a relay, and all that it answered them. */
export class Traffic {
  readonly #wallets: readonly TestWallet[];
  readonly #answers: unknown[] = [];
  #accounts = 0;

  constructor(wallets: readonly TestWallet[]) {
    this.#wallets = wallets;
  }

  /** Every answer and every error, as text. */
  get answers(): string {
    return JSON.stringify(this.#answers, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  }

  /** A delegate of each wallet at once; each promise is for the end of one, which must be a good one. */
  async delegates(relay: Program): Promise<Promise<void>[]> {
    const client = relayClient(String(relay.ready.address));
    const signed = await Promise.all(this.#wallets.map((wallet) => wallet.delegate()));
    return signed.map(async (bytes) => {
      this.#expectEnd(await submitSurely(() => client, bytes, WaitUntil.FINAL), SubmissionState.SUCCEEDED);
    });
  }

  /** Creates an account; with more than the signer gives away, it must end as refused. */
  async createAccount(relay: Program, initialBalance: bigint, end: SubmissionState): Promise<void> {
    const request = create(CreateAccountRequestSchema, {
      network: NETWORK,
      accountId: `account-${++this.#accounts}.${RELAYER}`,
      publicKey: KeyPair.fromRandom("ed25519").getPublicKey().toString(),
      initialBalance: initialBalance.toString(),
      waitUntil: WaitUntil.FINAL,
    });
    const { submission } = await relayClient(String(relay.ready.address)).createAccount(request);
    this.#expectEnd(submission, end);
  }

  /** Bytes that are no delegate: an error that the relay answers by itself. */
  async nonsense(relay: Program): Promise<void> {
    const client = relayClient(String(relay.ready.address));
    const call = client.submitDelegate({ network: NETWORK, signedDelegate: Buffer.from("no delegate") });
    const error: unknown = await call.then(
      () => expect.unreachable("nonsense was relayed"),
      (error) => error,
    );
    this.#answers.push(errorFromConnect(error), String(error));
  }

  #expectEnd(submission: Submission | undefined, end: SubmissionState): void {
    this.#answers.push(submission);
    expect(submission?.state).toBe(end);
  }
}
