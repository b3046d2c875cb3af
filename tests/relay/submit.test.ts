import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";

describe("submitting a delegate", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  it("ends in SUCCEEDED with one transaction on the chain, whose cost is what the relayer lost", async () => {
    const [wallet] = relay.wallets;
    const signedDelegate = (await wallet?.delegate()) ?? new Uint8Array();
    const { submission } = await relay.client.submitDelegate({
      network: NETWORK,
      signedDelegate,
      waitUntil: WaitUntil.FINAL,
    });
    expect(submission?.state).toBe(SubmissionState.SUCCEEDED);
    expect(relay.devnet.chain.log.map(({ hash }) => hash)).toEqual([submission?.transaction?.hash]);
  });
});
