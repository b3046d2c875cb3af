import { setTimeout as delay } from "node:timers/promises";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETWORK, startTestRelay, type TestRelay, withHeaders } from "../support/test-relay.ts";
import { AUTH } from "../support/test-tenant.ts";
import { freshWallet } from "./support/fresh-wallet.ts";
import { reaches, submit } from "./support/submitting.ts";

describe("wait_until, where blocks are made by hand,", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ devnet: { blockTimeMs: undefined } });
  });
  afterAll(() => relay.stop());

  /** Waits until a node holds a transaction that no block has. */
  const waiting = () => expect.poll(() => relay.devnet.chain.hasWork, { timeout: 20_000 }).toBe(true);
  const finish = async (id: string) => {
    await reaches(relay, id, SubmissionState.SUCCEEDED, () => relay.devnet.chain.produceBlock());
    // Refunds that are still on their way are no work of the next test.
    while (relay.devnet.chain.hasWork) relay.devnet.chain.produceBlock();
  };

  it.each([
    ["ACCEPTED", WaitUntil.ACCEPTED],
    ["UNSPECIFIED", WaitUntil.UNSPECIFIED],
  ])("answers %s without any block", async (_, waitUntil) => {
    const { id, state, transitions } = await submit(relay, { waitUntil });
    expect(state).toBe(SubmissionState.ACCEPTED);
    expect(transitions.map((t) => t.state)).toEqual([SubmissionState.ACCEPTED]);
    await finish(id);
  });

  it("answers INCLUDED with the first block and not before", async () => {
    let answered = false;
    const call = submit(relay, { waitUntil: WaitUntil.INCLUDED }).finally(() => {
      answered = true;
    });
    await waiting();
    expect(answered).toBe(false);
    relay.devnet.chain.produceBlock();
    const { id, state, transaction } = await call;
    expect(state).toBe(SubmissionState.INCLUDED);
    expect(transaction?.hash).toBe(relay.devnet.chain.log.at(-1)?.hash);
    await finish(id);
  });

  it("answers FINAL when nothing can change any more", async () => {
    let answered = false;
    const call = submit(relay, { waitUntil: WaitUntil.FINAL }).finally(() => {
      answered = true;
    });
    await waiting();
    relay.devnet.chain.produceBlock();
    await expect
      .poll(
        () => {
          if (!answered) relay.devnet.chain.produceBlock();
          return answered;
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    const { state, cost } = await call;
    expect(state).toBe(SubmissionState.SUCCEEDED);
    expect(cost?.gasBurnt).toBeGreaterThan(0n);
  });

  it.each([
    ["INCLUDED", WaitUntil.INCLUDED],
    ["FINAL", WaitUntil.FINAL],
  ])("gives the submission as it stands when the deadline comes before %s", async (_, waitUntil) => {
    const signedDelegate = await freshWallet(relay).delegate();
    const { submission } = await relay.client.submitDelegate(
      { network: NETWORK, signedDelegate, waitUntil },
      { timeoutMs: 4_000 },
    );
    expect([SubmissionState.ACCEPTED, SubmissionState.SIGNED, SubmissionState.BROADCAST]).toContain(
      submission?.state,
    );
    await finish(submission?.id ?? "");
  });

  it("gives it before the deadline of a caller whose request was on its way for a while", async () => {
    // The caller's clock runs by now, and what is sent says how much time there was at first.
    const late: Interceptor = (next) => async (request) => {
      await delay(200);
      return next(request);
    };
    const transport = createConnectTransport({
      baseUrl: relay.app.address,
      httpVersion: "2",
      interceptors: [withHeaders(AUTH), late],
    });
    const signedDelegate = await freshWallet(relay).delegate();
    const { submission } = await createClient(RelayService, transport).submitDelegate(
      { network: NETWORK, signedDelegate, waitUntil: WaitUntil.FINAL },
      { timeoutMs: 4_000 },
    );
    expect(submission?.state).not.toBe(SubmissionState.SUCCEEDED);
    await finish(submission?.id ?? "");
  });
});
